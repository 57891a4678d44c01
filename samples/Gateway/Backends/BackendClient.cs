using System.Net;
using System.Text.Json.Nodes;
using Gateway.Features;
using McpIdentityHeaders;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>The one way of a request to a backend, as the user who makes it.</summary>
internal sealed class BackendClient(
    IMcpClientPool pool,
    IHttpMessageHandlerFactory http,
    IOptionsMonitor<HttpClientTransportOptions> options,
    BackendHandshakes handshakes,
    BackendTools tools,
    RequestStates states,
    ILoggerFactory logging)
{
    private const int MaxQuestionRounds = 10;

    private readonly ILogger _logger = logging.CreateLogger<BackendClient>();

    /// <summary>Sends a request, and passes on to the caller what the backend sends before its response.</summary>
    /// <param name="prefix">The backend.</param>
    /// <param name="method">What is asked.</param>
    /// <param name="parameters">The parameters, with the backend's own names. Their <c>_meta</c> is set here.</param>
    /// <param name="caller">The request that this one is for.</param>
    /// <param name="cancellationToken">Cancels it, at the backend too.</param>
    /// <param name="qualify">Changes what the backend names in the result to what the gateway's clients name it.</param>
    /// <returns>The result as it came, but for that.</returns>
    /// <exception cref="BackendErrorException">The backend's error.</exception>
    /// <exception cref="BackendUnavailableException">It did not get through.</exception>
    public Task<JsonObject> SendAsync(
        string prefix,
        string method,
        JsonObject parameters,
        CallerRequest caller,
        CancellationToken cancellationToken,
        Action<string, JsonObject>? qualify = null) => GuardAsync(
            prefix,
            caller,
            async () =>
            {
                JsonObject result = await SendOrResumeAsync(prefix, method, parameters, caller, cancellationToken);
                Qualify(prefix, result, qualify);
                return result;
            },
            cancellationToken);

    /// <summary>Rents the session that a request's client has with a backend.</summary>
    /// <exception cref="BackendUnavailableException">It cannot be asked.</exception>
    public Task<McpClientLease> RentAsync(string prefix, CallerRequest caller, CancellationToken cancellationToken) =>
        GuardAsync(prefix, caller, () => pool.RentAsync(prefix, cancellationToken).AsTask(), cancellationToken);

    /// <summary>Sends a notification on the session that a client has with a backend, if that had a handshake.</summary>
    public async Task NotifyAsync(
        string prefix, JsonRpcNotification notification, CallerRequest caller, CancellationToken cancellationToken)
    {
        try
        {
            using IdentityScope scope = AmbientIdentity.Use(await handshakes.UserOfAsync(prefix, caller, cancellationToken));
            await using McpClientLease lease = await pool.RentAsync(prefix, cancellationToken);
            if (!lease.Client.HasNoHandshake())
            {
                await lease.Client.SendMessageAsync(
                    new JsonRpcNotification { Method = notification.Method, Params = notification.Params?.DeepClone() }, cancellationToken);
            }
        }
        catch (Exception exception)
        {
            // A notification has no answer: one backend that fails keeps no other from it.
            Log.BackendFailed(_logger, prefix, exception);
        }
    }

    /// <summary>Starts a request that the caller of this method reads and ends.</summary>
    public Task<BackendExchange> StartAsync(
        string prefix, McpClient session, string method, JsonObject parameters, CallerRequest caller)
    {
        string id = Guid.NewGuid().ToString("N");
        RequestMeta.Set(parameters, id, session, caller);
        var request = new JsonRpcRequest { Id = new RequestId(id), Method = method, Params = parameters };
        tools.Prepare(prefix, request);
        return BackendExchange.StartAsync(options.Get(prefix), http.CreateHandler(prefix), session, request, logging);
    }

    private static void Qualify(string prefix, JsonObject result, Action<string, JsonObject>? qualify)
    {
        try
        {
            RequestMeta.Clean(result);
            qualify?.Invoke(prefix, result);
        }
        catch (Exception exception) when (BackendErrors.IsMalformed(exception))
        {
            throw new InvalidDataException("The result is not of the form that the protocol gives it.", exception);
        }
    }

    private async Task<JsonObject> SendOrResumeAsync(
        string prefix, string method, JsonObject parameters, CallerRequest caller, CancellationToken cancellationToken)
    {
        JsonObject result = states.Open(prefix, caller) is { } suspended
            ? await ResumeAsync(prefix, suspended, caller, cancellationToken)
            : await SendAgainAsync(prefix, method, parameters, caller, cancellationToken);

        // A client of an older protocol has no such results: it is asked on its session, and the request sent again.
        for (int round = 0; caller.Session is not null && InputRequired.Is(result) && round < MaxQuestionRounds; round++)
        {
            await InputRequired.AnswerAsync(result, parameters, caller, cancellationToken);
            result = await SendAgainAsync(prefix, method, parameters, caller, cancellationToken);
        }

        return caller.Session is not null && InputRequired.Is(result)
            ? throw new InvalidDataException($"The backend asks once more after {MaxQuestionRounds} answers.")
            : result;
    }

    /// <summary>Sends a request, and sends it again where the backend has not looked at it.</summary>
    private async Task<JsonObject> SendAgainAsync(
        string prefix, string method, JsonObject parameters, CallerRequest caller, CancellationToken cancellationToken)
    {
        if (method == RequestMethods.ToolsCall)
        {
            await tools.EnsureKnownAsync(prefix, cancellationToken);
        }

        for (bool again = true; ; again = false)
        {
            McpClientLease lease = await pool.RentAsync(prefix, cancellationToken);
            BackendCall? call = null;
            try
            {
                call = new BackendCall(prefix, lease, await StartAsync(prefix, lease.Client, method, parameters, caller));
                return HandOver(prefix, call, await call.RunAsync(caller, cancellationToken), caller);
            }
            catch (HttpRequestException exception) when (
                again && exception.StatusCode == HttpStatusCode.NotFound && lease.Client.SessionId is not null)
            {
                // The backend has forgotten the session. The pool finds out by a ping, and the next lease is of a new one.
                await ((Task)lease.Client.PingAsync(cancellationToken: cancellationToken).AsTask())
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (HttpRequestException exception) when (
                exception.StatusCode == HttpStatusCode.NotFound && lease.Client.HasNoHandshake())
            {
                // In this protocol, a method that the backend does not have is not found.
                throw new McpProtocolException($"Method '{method}' is not known at '{prefix}'.", exception, McpErrorCode.MethodNotFound);
            }
            catch (McpProtocolException exception) when (again && exception.ErrorCode == McpErrorCode.HeaderMismatch)
            {
                // The backend wants arguments as headers too.
                await tools.LearnAsync(prefix, cancellationToken);
            }
            finally
            {
                await EndAsync(call, lease);
            }
        }
    }

    private async Task<JsonObject> ResumeAsync(
        string prefix, BackendCall call, CallerRequest caller, CancellationToken cancellationToken)
    {
        try
        {
            return HandOver(prefix, call, await call.ResumeAsync(caller, cancellationToken), caller);
        }
        finally
        {
            await EndAsync(call, lease: null);
        }
    }

    /// <summary>Binds the state of a question to the user who has to answer it.</summary>
    private JsonObject HandOver(string prefix, BackendCall call, JsonObject result, CallerRequest caller)
    {
        if (call.IsSuspended)
        {
            states.Suspend(prefix, call, result);
        }
        else if (caller.Session is null && InputRequired.Is(result))
        {
            BackendQuestions.EnsureAnswerable(result, caller);
            states.Seal(prefix, result);
        }

        return result;
    }

    private static async ValueTask EndAsync(BackendCall? call, McpClientLease? lease)
    {
        if (call is { IsSuspended: false })
        {
            await call.DisposeAsync();
        }
        else if (call is null && lease is not null)
        {
            await lease.DisposeAsync();
        }
    }

    private async Task<T> GuardAsync<T>(string prefix, CallerRequest caller, Func<Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await AmbientIdentity.RunAsync(await handshakes.UserOfAsync(prefix, caller, cancellationToken), action);
        }
        catch (McpProtocolException exception) when (!BackendErrors.IsAboutTheGateway(exception.ErrorCode))
        {
            throw BackendErrors.AsSent(exception);
        }
        catch (Exception exception) when (exception is not BackendErrorException && !cancellationToken.IsCancellationRequested)
        {
            Log.BackendFailed(_logger, prefix, exception);
            throw BackendErrors.Describe(prefix, exception);
        }
    }
}
