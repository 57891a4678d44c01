namespace McpIdentityHeaders.Tests.Support;

public enum McpBackendKind
{
    /// <summary>Streamable HTTP without sessions: the client negotiates protocol 2026-07-28.</summary>
    Stateless,

    /// <summary>Streamable HTTP with sessions: the client pins protocol 2025-11-25.</summary>
    Sessions,

    /// <summary>Streamable HTTP without sessions, with a client that pins protocol 2025-11-25: no session id, maybe state.</summary>
    OlderStateless,

    /// <summary>The legacy transport: one GET stream that carries all responses.</summary>
    LegacySse,
}
