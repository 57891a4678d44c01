using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Tells a session that is none: a client of which nothing, on either side, is one user's.</summary>
internal static class StatelessSession
{
    /// <summary>The first revision in which each request stands alone (SEP-2575). Revisions are dates, and ordered as such.</summary>
    private const string FirstStatelessProtocol = "2026-07-28";

    internal static bool Is(McpSession session, HttpClientTransportOptions transport, McpClientOptions options) =>
        IsOfStatelessProtocol(session.Client)
        && session.Client.SessionId is null

        // No session id alone proves nothing: legacy SSE has none, and its stream is the session.
        && !session.HasStream

        // Tokens of one user.
        && transport.OAuth is null
        && !AsksUser(options.Handlers);

    internal static bool IsOfStatelessProtocol(McpClient client) =>
        string.CompareOrdinal(client.NegotiatedProtocolVersion, FirstStatelessProtocol) >= 0;

    /// <summary>Whether the program answers for a user, or takes notifications, which do not say whose they are.</summary>
    private static bool AsksUser(McpClientHandlers handlers) =>
        handlers.ElicitationHandler is not null
#pragma warning disable MCP9005 // Deprecated by the SDK, and still what a program may have set.
        || handlers.SamplingHandler is not null
        || handlers.RootsHandler is not null
#pragma warning restore MCP9005
        || handlers.NotificationHandlers is not null;
}
