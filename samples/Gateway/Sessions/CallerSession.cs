using ModelContextProtocol.Server;

namespace Gateway.Sessions;

/// <summary>A client's session with the gateway, and what belongs to it.</summary>
internal sealed class CallerSession(string id, McpServer server)
{
    public string Id => id;

    /// <summary>Gets the gateway's end of the session. What is sent there goes on the session's own stream.</summary>
    public McpServer Server => server;

    /// <summary>Gets or sets the least serious log messages that the client wants; null for none.</summary>
    public string? LogLevel { get; set; }
}
