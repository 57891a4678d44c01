namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>How messages come to a server that its users call.</summary>
public enum UserServerKind
{
    /// <summary>Streamable HTTP without sessions, protocol 2026-07-28.</summary>
    Stateless,

    /// <summary>Streamable HTTP without sessions, protocol 2025-11-25.</summary>
    OlderStateless,

    /// <summary>Streamable HTTP with sessions; each message runs in the flow of the request that brought it.</summary>
    Sessions,

    /// <summary>Streamable HTTP with sessions; all messages run in the flow of the request that opened the session.</summary>
    SessionsOfOneFlow,

    /// <summary>The legacy transport; all messages run in the flow of the GET.</summary>
    LegacySse,

    /// <summary>Streams, as over stdio; a message filter sets each message's user.</summary>
    Streams,
}
