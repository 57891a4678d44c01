namespace McpIdentityHeaders.Internal;

/// <summary>Where a session stands among those that are idle, or stood before it was removed.</summary>
internal sealed class IdleEntry(PooledSession session)
{
    internal PooledSession? Session { get; set; } = session;
}
