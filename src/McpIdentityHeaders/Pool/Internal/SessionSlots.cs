namespace McpIdentityHeaders.Internal;

/// <summary>
/// Counts the sessions toward the maximum of all, and of anonymous ones. The lock of the <see cref="SessionPool"/> guards it.
/// </summary>
/// <param name="clientName">The MCP client's name.</param>
internal sealed class SessionSlots(string clientName)
{
    private int _inUse;
    private int _anonymousInUse;

    internal int InUse => _inUse;

    internal int AnonymousInUse => _anonymousInUse;

    /// <summary>Whether one session must go before another can be opened.</summary>
    internal bool AreAllTaken(McpClientPoolOptions options) => _inUse >= options.MaxSessions;

    /// <exception cref="ClaimInjectionException">There is no slot, and none could be made.</exception>
    internal void ThrowIfNone(PooledSession session, int idle, McpClientPoolOptions options)
    {
        // Where a reload has lowered the maximum, evicting all idle ones may not suffice.
        if (_inUse - idle >= options.MaxSessions)
        {
            throw new ClaimInjectionException(
                $"MCP client '{clientName}': no session was opened: all of {options.MaxSessions} are in use. Give leases back sooner, or "
                + "raise McpClientPoolOptions.MaxSessions.",
                ClaimInjectionErrorReason.PoolExhausted);
        }

        if (session.IsAnonymous && _anonymousInUse >= options.AnonymousLimit)
        {
            throw new ClaimInjectionException(
                $"MCP client '{clientName}': no session was opened: all of {options.AnonymousLimit} for anonymous users are in use. Give "
                + "leases back sooner, or raise McpClientPoolOptions.MaxAnonymousSessions.",
                ClaimInjectionErrorReason.PoolExhausted);
        }
    }

    internal void Acquire(PooledSession session)
    {
        session.HasSlot = true;
        Count(session, 1);
    }

    internal void Release(PooledSession session)
    {
        if (session.HasSlot)
        {
            session.HasSlot = false;
            Count(session, -1);
        }
    }

    private void Count(PooledSession session, int change)
    {
        _inUse += change;
        _anonymousInUse += session.IsAnonymous ? change : 0;
    }
}
