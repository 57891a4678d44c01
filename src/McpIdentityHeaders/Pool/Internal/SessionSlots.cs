namespace McpIdentityHeaders.Internal;

/// <summary>Counts sessions toward the maximum of all, and of anonymous ones. The <see cref="SessionPool"/>'s lock guards it.</summary>
internal sealed class SessionSlots(string clientName)
{
    internal int InUse { get; private set; }

    internal int AnonymousInUse { get; private set; }

    /// <summary>Whether one session must go before another can be opened.</summary>
    internal bool AreAllTaken(McpClientPoolOptions options) => InUse >= options.MaxSessions;

    /// <exception cref="ClaimInjectionException">There is no slot, and none could be made.</exception>
    internal void ThrowIfNone(PooledSession session, int idle, McpClientPoolOptions options)
    {
        // Where a reload has lowered the maximum, evicting all idle ones may not suffice.
        if (InUse - idle >= options.MaxSessions)
        {
            throw SessionError.NotOpened(
                clientName,
                ClaimInjectionErrorReason.PoolExhausted,
                $"all of {options.MaxSessions} are in use. Give leases back sooner, or raise McpClientPoolOptions.MaxSessions");
        }

        if (session.IsAnonymous && AnonymousInUse >= options.AnonymousLimit)
        {
            throw SessionError.NotOpened(
                clientName,
                ClaimInjectionErrorReason.PoolExhausted,
                $"all of {options.AnonymousLimit} for anonymous users are in use. Give leases back sooner, or raise "
                + "McpClientPoolOptions.MaxAnonymousSessions");
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
        InUse += change;
        AnonymousInUse += session.IsAnonymous ? change : 0;
    }
}
