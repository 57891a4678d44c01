using System.Text.Json.Nodes;
using Gateway.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>What a backend asks the client: for the user's input, for a model's, or for the client's roots.</summary>
internal static class BackendQuestions
{
    /// <exception cref="UnansweredQuestionException">The client cannot answer such a question.</exception>
    /// <exception cref="InvalidDataException">The question cannot be passed on.</exception>
    public static void EnsureAnswerable(string method, JsonNode? parameters, CallerRequest caller)
    {
        WritableJson.Ensure(parameters);
        ClientCapabilities capabilities = caller.Capabilities;
        bool isAnswerable = method switch
        {
            RequestMethods.ElicitationCreate => capabilities.Elicitation is not null,
            RequestMethods.SamplingCreateMessage => capabilities.Sampling is not null,
            RequestMethods.RootsList => capabilities.Roots is not null,
            _ => false,
        };
        if (!isAnswerable)
        {
            throw new UnansweredQuestionException(method);
        }
    }

    /// <exception cref="UnansweredQuestionException">The client cannot answer one of the questions in an input_required result.</exception>
    public static void EnsureAnswerable(JsonObject result, CallerRequest caller)
    {
        foreach ((_, JsonNode? question) in result["inputRequests"] as JsonObject ?? [])
        {
            EnsureAnswerable(MethodOf(question), question, caller);
        }
    }

    /// <summary>Asks the client on its session.</summary>
    /// <returns>The answer, or the client's error, for the backend.</returns>
    public static async Task<JsonRpcMessage> AskAsync(JsonRpcRequest question, CallerRequest caller, CancellationToken cancellationToken)
    {
        try
        {
            return new JsonRpcResponse
            {
                Id = question.Id,
                Result = await AskAsync(question.Method, question.Params, caller, cancellationToken),
            };
        }
        catch (McpProtocolException exception)
        {
            return new JsonRpcError { Id = question.Id, Error = BackendErrors.AsSent(exception).Error };
        }
    }

    /// <summary>Asks all questions of an input_required result, for a client of a protocol that has no such results.</summary>
    /// <returns>The answers, by the names of the questions.</returns>
    public static async Task<JsonObject> AskAllAsync(JsonObject questions, CallerRequest caller, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            KeyValuePair<string, JsonNode?>[] answers = await Task.WhenAll(questions.Select(async question =>
            {
                string method = MethodOf(question.Value);
                EnsureAnswerable(method, question.Value, caller);
                JsonNode? answer = await AskAsync(method, question.Value!["params"]?.DeepClone(), caller, ended.Token);
                return KeyValuePair.Create(question.Key, answer);
            }));
            return new JsonObject(answers);
        }
        finally
        {
            // One that failed leaves no other open before the user.
            await ended.CancelAsync();
        }
    }

    private static string MethodOf(JsonNode? question) => (question as JsonObject)?["method"]?.ToString() ?? string.Empty;

    private static async Task<JsonNode?> AskAsync(
        string method, JsonNode? parameters, CallerRequest caller, CancellationToken cancellationToken)
    {
        var question = new JsonRpcRequest { Method = method, Params = parameters };
        return (await caller.Server.SendRequestAsync(question, cancellationToken)).Result;
    }
}
