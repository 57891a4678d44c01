using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Backend;

/// <summary>A line for each call of a tool: who, which tool, and what came of it. What was said is nobody's business.</summary>
internal static partial class AuditLog
{
    private const string Failed = "audit.failed";

    public static IMcpServerBuilder WithAuditLog(this IMcpServerBuilder builder) => builder
        .WithMessageFilters(filters => filters.AddIncomingFilter(next => (context, cancellationToken) =>
            context.JsonRpcMessage is JsonRpcRequest { Method: RequestMethods.ToolsCall } call
                ? AuditAsync(call, next, context, cancellationToken)
                : next(context, cancellationToken)))
        .WithRequestFilters(filters => filters.AddCallToolFilter(next => async (context, cancellationToken) =>
        {
            CallToolResult result = await next(context, cancellationToken);
            context.Items[Failed] = result.IsError == true;
            return result;
        }));

    // Around the whole message, since a call that authorization refuses never gets as far as the tool.
    private static async Task AuditAsync(
        JsonRpcRequest call, McpMessageHandler next, MessageContext context, CancellationToken cancellationToken)
    {
        string outcome = "refused";
        try
        {
            await next(context, cancellationToken);
            outcome = context.Items.TryGetValue(Failed, out object? failed) ? failed is true ? "failed" : "succeeded" : "refused";
        }
        catch (OperationCanceledException)
        {
            outcome = "cancelled";
            throw;
        }
        finally
        {
            ILogger logger = context.Services!.GetRequiredService<ILoggerFactory>().CreateLogger("Backend.Audit");
            logger.ToolCalled(context.User?.FindFirst("sub")?.Value, call.Params?["name"]?.GetValue<string>(), outcome);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Subject} called {Tool}: {Outcome}.")]
    private static partial void ToolCalled(this ILogger logger, string? subject, string? tool, string outcome);
}
