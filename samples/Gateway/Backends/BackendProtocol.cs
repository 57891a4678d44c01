using ModelContextProtocol.Client;

namespace Gateway.Backends;

/// <summary>Which of MCP's two ways a backend goes.</summary>
internal static class BackendProtocol
{
    private const string FirstWithoutHandshake = "2026-07-28";

    /// <summary>
    /// Whether each request to the backend stands for itself, and says what the client is and can. Otherwise that was said in a handshake,
    /// whether or not the backend has sessions.
    /// </summary>
    public static bool HasNoHandshake(this McpClient session) =>
        string.CompareOrdinal(session.NegotiatedProtocolVersion, FirstWithoutHandshake) >= 0;
}
