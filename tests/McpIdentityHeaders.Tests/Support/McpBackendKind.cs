namespace McpIdentityHeaders.Tests.Support;

public enum McpBackendKind
{
    /// <summary>Streamable HTTP without sessions: the client negotiates protocol 2026-07-28.</summary>
    Stateless,

    /// <summary>Streamable HTTP with sessions: the client pins protocol 2025-11-25.</summary>
    Sessions,

    /// <summary>The legacy transport: one GET stream that all answers come by.</summary>
    LegacySse,
}
