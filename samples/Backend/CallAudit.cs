using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Backend;

/// <summary>Writes one line for each tool call: which user's it was, which tool, and how it ended. Never what was said.</summary>
internal sealed partial class CallAudit(ILogger<CallAudit> logger)
{
    private const string Outcome = "Backend.CallOutcome";

    /// <summary>Sees every call, those that authorization refuses included: it ends them before any call-tool filter.</summary>
    public async Task AuditAsync(McpMessageHandler next, MessageContext context, CancellationToken cancellationToken)
    {
        if (context.JsonRpcMessage is not JsonRpcRequest { Method: RequestMethods.ToolsCall } request)
        {
            await next(context, cancellationToken);
            return;
        }

        bool cancelled = false;
        try
        {
            await next(context, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            cancelled = true;
            throw;
        }
        finally
        {
            // A call that never got as far as its tool has no outcome.
            string outcome = cancelled ? "cancelled" : context.Items.TryGetValue(Outcome, out object? ended) ? (string)ended! : "refused";
            LogCall(UserOf(context), ToolOf(context, request), outcome);
        }
    }

    /// <summary>Tells a result from an error result, which the message alone does not show.</summary>
    public static async ValueTask<CallToolResult> NoteOutcomeAsync(
        McpRequestHandler<CallToolRequestParams, CallToolResult> next,
        RequestContext<CallToolRequestParams> context,
        CancellationToken cancellationToken)
    {
        // Of a tool that throws, the result is made further out.
        context.Items[Outcome] = "failed";
        CallToolResult result = await next(context, cancellationToken);
        context.Items[Outcome] = result.IsError is true ? "failed" : "succeeded";
        return result;
    }

    // A subject is whatever an issuer says. Escaped, no line break in it can begin a line of its own.
    private static string UserOf(MessageContext context) => context.User?.FindFirst("sub") is { } subject
        ? JsonEncodedText.Encode($"{subject.Value} of {subject.Issuer}").ToString()
        : "anonymous";

    // A name that no tool has is the caller's free text, and stays out of the log.
    private static string ToolOf(MessageContext context, JsonRpcRequest request) =>
        request.Params is JsonObject parameters
        && parameters["name"] is JsonValue value
        && value.TryGetValue(out string? name)
        && context.Server.ServerOptions.ToolCollection?.TryGetPrimitive(name, out McpServerTool? tool) is true
            ? tool.ProtocolTool.Name
            : "(unknown)";

    [LoggerMessage(1, LogLevel.Information, "{User} called {Tool}: {Outcome}", EventName = "ToolCalled")]
    private partial void LogCall(string user, string tool, string outcome);
}
