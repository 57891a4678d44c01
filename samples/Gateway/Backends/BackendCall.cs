using System.Text.Json.Nodes;
using Gateway.Features;
using McpIdentityHeaders;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>A request that a backend works on: what it sends meanwhile is passed on, and what it asks is answered.</summary>
internal sealed class BackendCall(string prefix, McpClientLease lease, BackendExchange exchange) : IAsyncDisposable
{
    // More would be held here, and before the user, for as long as the backend likes.
    private const int MaxQuestions = 20;

    private JsonRpcRequest? _openQuestion;
    private int _questions;

    /// <summary>Gets whether the backend waits for an answer that the client gives with another request.</summary>
    public bool IsSuspended => _openQuestion is not null;

    /// <summary>Gets the result, or the question that the client has to answer before there is one.</summary>
    /// <exception cref="McpProtocolException">The backend's error.</exception>
    public async Task<JsonObject> RunAsync(CallerRequest caller, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            while (true)
            {
                switch (await exchange.ReadAsync(cancellationToken))
                {
                    case JsonRpcResponse response when response.Id == exchange.Id:
                        return ReadResult(response.Result);

                    case JsonRpcError error when error.Id == exchange.Id:
                        WritableJson.Ensure(error.Error.Data);
                        throw new BackendErrorException(error.Error);

                    case JsonRpcNotification notification:
                        await RelayAsync(notification, caller, cancellationToken);
                        break;

                    case JsonRpcRequest { Method: RequestMethods.Ping } ping:
                        await exchange.AnswerAsync(new JsonRpcResponse { Id = ping.Id, Result = new JsonObject() }, cancellationToken);
                        break;

                    case JsonRpcRequest question:
                        BackendQuestions.EnsureAnswerable(question.Method, question.Params, caller);
                        if (caller.Session is null)
                        {
                            _openQuestion = question;
                            return InputRequired.Ask(question);
                        }

                        if (Interlocked.Increment(ref _questions) > MaxQuestions)
                        {
                            throw new BackendErrorException(new JsonRpcErrorDetail
                            {
                                Code = (int)McpErrorCode.InternalError,
                                Message = $"The backend '{prefix}' asks more than {MaxQuestions} questions at a time.",
                            });
                        }

                        _ = AnswerAsync(question, caller, ended.Token);
                        break;

                    default:
                        break;
                }
            }
        }
        finally
        {
            // A question without a call is none.
            await ended.CancelAsync();
        }
    }

    /// <summary>Answers the open question, and goes on.</summary>
    public async Task<JsonObject> ResumeAsync(CallerRequest caller, CancellationToken cancellationToken)
    {
        JsonRpcRequest question = _openQuestion!;
        _openQuestion = null;
        JsonNode answer = InputRequired.ReadAnswer(question, caller);
        await exchange.AnswerAsync(new JsonRpcResponse { Id = question.Id, Result = answer }, cancellationToken);
        return await RunAsync(caller, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await exchange.DisposeAsync();
        await lease.DisposeAsync();
    }

    /// <summary>Reads a result to its end, so that nothing in it fails where it is used.</summary>
    private static JsonObject ReadResult(JsonNode? sent)
    {
        try
        {
            JsonObject result = sent as JsonObject ?? [];
            _ = result.Count;
            WritableJson.Ensure(result);
            return result;
        }
        catch (Exception exception) when (BackendErrors.IsMalformed(exception))
        {
            throw new InvalidDataException("The result has a member twice, or text that is none.", exception);
        }
    }

    private async Task AnswerAsync(JsonRpcRequest question, CallerRequest caller, CancellationToken cancellationToken)
    {
        JsonRpcMessage answer = await BackendQuestions.AskAsync(question, caller, cancellationToken);
        Interlocked.Decrement(ref _questions);
        await exchange.AnswerAsync(answer, cancellationToken);
    }

    private Task RelayAsync(JsonRpcNotification notification, CallerRequest caller, CancellationToken cancellationToken)
    {
        try
        {
            if (!IsForCaller(notification, caller))
            {
                return Task.CompletedTask;
            }

            WritableJson.Ensure(notification.Params);
        }
        catch (Exception exception) when (BackendErrors.IsMalformed(exception))
        {
            // It says nothing, and the result may still come.
            return Task.CompletedTask;
        }

        return caller.NotifyAsync(notification.Method, notification.Params, cancellationToken);
    }

    /// <summary>Makes a notification the caller's, and gives whether it is for the caller at all.</summary>
    private bool IsForCaller(JsonRpcNotification notification, CallerRequest caller)
    {
        switch (notification.Method)
        {
            case NotificationMethods.ProgressNotification
                when notification.Params is JsonObject step && RequestMeta.GetProgressToken(caller) is { } token:
                step["progressToken"] = token.DeepClone();
                return true;
            case NotificationMethods.ProgressNotification or NotificationMethods.CancelledNotification:
                return false;
            case NotificationMethods.ResourceUpdatedNotification:
                BackendUris.Qualify(prefix, notification.Params, "uri");
                return true;
            default:
                return true;
        }
    }
}
