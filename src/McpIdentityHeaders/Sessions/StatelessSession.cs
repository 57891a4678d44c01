using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Detects a stateless session: neither side of it keeps state of one user.</summary>
internal static class StatelessSession
{
    /// <summary>The first revision without sessions (SEP-2575). Revisions are dates, and sort as such.</summary>
    private const string FirstStatelessProtocol = "2026-07-28";

    internal static bool Is(McpSession session, HttpClientTransportOptions transport, McpClientOptions options) =>
        IsOfStatelessProtocol(session.Client)
        && session.Client.SessionId is null

        // Legacy SSE has no session id either: its stream is the session.
        && !session.HasStream

        // OAuth tokens belong to one user.
        && transport.OAuth is null
        && !AsksUser(options.Handlers);

    /// <summary>Whether the settings allow one. Where they do not, no user has to wait for another to find out.</summary>
    internal static bool IsPossible(HttpClientTransportOptions transport, McpClientOptions options) =>
        transport is { OAuth: null, TransportMode: not HttpTransportMode.Sse }
        && (options.ProtocolVersion is not { } pinned || string.CompareOrdinal(pinned, FirstStatelessProtocol) >= 0)
        && !AsksUser(options.Handlers);

    internal static bool IsOfStatelessProtocol(McpClient client) =>
        string.CompareOrdinal(client.NegotiatedProtocolVersion, FirstStatelessProtocol) >= 0;

    /// <summary>Whether the program answers the server's questions for a user.</summary>
    internal static bool AnswersQuestions(McpClientHandlers handlers) =>
        handlers.ElicitationHandler is not null
#pragma warning disable MCP9005 // Deprecated by the SDK, and still what a program may have set.
        || handlers.SamplingHandler is not null
        || handlers.RootsHandler is not null;
#pragma warning restore MCP9005

    /// <summary>Whether the program responds for a user, or handles notifications, which name no user.</summary>
    private static bool AsksUser(McpClientHandlers handlers) => AnswersQuestions(handlers) || handlers.NotificationHandlers is not null;
}
