namespace McpIdentityHeaders.Internal;

/// <summary>How far the bounds of one client's pool are used up, at one moment. It names no user.</summary>
/// <param name="Client">The MCP client's name.</param>
/// <param name="Sessions">The sessions that count in <see cref="McpClientPoolOptions.MaxSessions"/>.</param>
/// <param name="MaxSessions">How many of them there may be.</param>
/// <param name="IdleSessions">Those of them that a new session may evict.</param>
/// <param name="AnonymousSessions">Those of them that are anonymous users'.</param>
/// <param name="MaxAnonymousSessions">How many anonymous ones there may be.</param>
/// <param name="WaitingRents">The rents that wait for a session to open.</param>
/// <param name="MaxWaitingRents">How many rents may wait.</param>
internal sealed record PoolUsage(
    string Client,
    int Sessions,
    int MaxSessions,
    int IdleSessions,
    int AnonymousSessions,
    int MaxAnonymousSessions,
    int WaitingRents,
    long MaxWaitingRents);
