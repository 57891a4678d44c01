using ModelContextProtocol.Server;

namespace Gateway.Sessions;

/// <summary>Counts each user's sessions with the gateway, and refuses one too many.</summary>
internal sealed class SessionLimit(GatewayLimits limits)
{
    private static readonly object SlotItem = new();

    private readonly UserCounts _counts = new();

    /// <summary>Middleware: reserves a place for the session that the request may open.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!OpensSession(context.Request))
        {
            await next(context);
            return;
        }

        string user = UserKey.Of(context.User);
        if (!_counts.TryAdd(user, limits.SessionsPerUser))
        {
            await JsonRpcResponses.WriteErrorAsync(
                context.Response,
                StatusCodes.Status429TooManyRequests,
                $"You have {limits.SessionsPerUser} sessions with the gateway, which is the most. "
                + "End one (DELETE), or wait for idle ones to end.");
            return;
        }

        context.Items[SlotItem] = user;
        try
        {
            await next(context);
        }
        finally
        {
            if (context.Items.Remove(SlotItem))
            {
                _counts.Remove(user);
            }
        }
    }

    /// <summary>Runs a session, and keeps its place until it ends.</summary>
    public async Task RunAsync(HttpContext context, McpServer server, CancellationToken cancellationToken)
    {
        bool hasSlot = context.Items.Remove(SlotItem);
        string user = UserKey.Of(context.User);
        try
        {
            await server.RunAsync(cancellationToken);
        }
        finally
        {
            if (hasSlot)
            {
                _counts.Remove(user);
            }
        }
    }

    /// <summary>Whether the request may open a session: it is in none, and of a protocol that has them.</summary>
    private static bool OpensSession(HttpRequest request) =>
        HttpMethods.IsPost(request.Method)
        && string.IsNullOrEmpty(request.Headers["Mcp-Session-Id"])
        && string.CompareOrdinal(request.Headers["MCP-Protocol-Version"], "2026-07-28") < 0;
}
