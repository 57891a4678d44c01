using System.Collections.Concurrent;
using ModelContextProtocol.Server;

namespace Gateway.Sessions;

/// <summary>The sessions that clients of protocols before 2026-07-28 have with the gateway.</summary>
internal sealed class CallerSessions(SessionLimit limit)
{
    private readonly ConcurrentDictionary<string, CallerSession> _sessions = new();

    public CallerSession? Find(string? id) => id is null ? null : _sessions.GetValueOrDefault(id);

    /// <summary>Middleware: notes which clients listen to their sessions' own streams.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsGet(context.Request.Method) && Find(context.Request.Headers["Mcp-Session-Id"]) is { } session)
        {
            context.Response.OnStarting(() =>
            {
                // Another user's stream is refused.
                if (context.Response.StatusCode == StatusCodes.Status200OK)
                {
                    session.OnListening();
                }

                return Task.CompletedTask;
            });
        }

        return next(context);
    }

    /// <summary>Runs a client's session until it ends, or its one request where there is no session.</summary>
    public async Task RunAsync(HttpContext context, McpServer server, CancellationToken cancellationToken)
    {
        if (server.SessionId is not { Length: > 0 } id)
        {
            await server.RunAsync(cancellationToken);
            return;
        }

        await using var session = new CallerSession(id, server);
        _sessions[id] = session;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task sending = session.SendAsync(ended.Token);
        try
        {
            await limit.RunAsync(context, server, cancellationToken);
        }
        finally
        {
            _sessions.TryRemove(id, out _);
            await ended.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
