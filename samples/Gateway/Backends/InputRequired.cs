using System.Text.Json.Nodes;
using Gateway.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>The results of protocol 2026-07-28 that ask the client something before there is a result (SEP-2322).</summary>
internal static class InputRequired
{
    private const string ResultType = "input_required";

    public static bool Is(JsonObject result) => result["resultType"]?.ToString() == ResultType;

    /// <summary>Makes the result that asks a question which the backend asked on its session.</summary>
    public static JsonObject Ask(JsonRpcRequest question) => new()
    {
        ["resultType"] = ResultType,
        ["inputRequests"] = new JsonObject
        {
            [KeyOf(question)] = new JsonObject
            {
                ["method"] = question.Method,
                ["params"] = question.Params?.DeepClone() ?? new JsonObject(),
            },
        },
    };

    /// <summary>Asks the client what a result asks for, and sets its answers in the parameters of the request.</summary>
    public static async Task AnswerAsync(
        JsonObject result, JsonObject parameters, CallerRequest caller, CancellationToken cancellationToken)
    {
        parameters["inputResponses"] =
            await BackendQuestions.AskAllAsync(result["inputRequests"] as JsonObject ?? [], caller, cancellationToken);
        parameters["requestState"] = result["requestState"]?.DeepClone();
        if (parameters["requestState"] is null)
        {
            parameters.Remove("requestState");
        }
    }

    /// <exception cref="McpProtocolException">The client has not answered it.</exception>
    public static JsonNode ReadAnswer(JsonRpcRequest question, CallerRequest caller) =>
        (caller.Params["inputResponses"] as JsonObject)?[KeyOf(question)]?.DeepClone()
        ?? throw new McpProtocolException($"The answer to '{KeyOf(question)}' is missing in 'inputResponses'.", McpErrorCode.InvalidParams);

    private static string KeyOf(JsonRpcRequest question) => question.Id.ToString();
}
