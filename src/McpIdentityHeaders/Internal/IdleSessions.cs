namespace McpIdentityHeaders.Internal;

/// <summary>The sessions that nobody has, in the order in which they were given back, and the timer for the first. Guarded by the pool's lock.</summary>
internal sealed class IdleSessions : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(1);

    private readonly LinkedList<PooledSession> _sessions = [];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private bool _isArmed;

    internal IdleSessions(TimeProvider time, Action expired)
    {
        _time = time;

        // A timer would keep what is ambient with whoever rents first, for as long as the pool lives.
        using AsyncFlowControl? suppressed = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        _timer = time.CreateTimer(static expired => ((Action)expired!)(), expired, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Gets the one that has been idle longest.</summary>
    internal PooledSession? Oldest => _sessions.First?.Value;

    public void Dispose() => _timer.Dispose();

    internal void Add(PooledSession session, TimeSpan timeout)
    {
        session.IdleSince = _time.GetTimestamp();
        _sessions.AddLast(session.IdleNode);

        // Armed once for many: sessions come and go far more often than they time out.
        if (!_isArmed)
        {
            Arm(timeout);
        }
    }

    internal void Remove(PooledSession session)
    {
        if (session.IdleNode.List is not null)
        {
            _sessions.Remove(session.IdleNode);
        }
    }

    /// <summary>Gets the oldest if it has been idle for that long.</summary>
    internal PooledSession? Expired(TimeSpan timeout) =>
        Oldest is { } oldest && _time.GetElapsedTime(oldest.IdleSince) >= timeout ? oldest : null;

    /// <summary>Has the timer tell when the oldest times out, if there is one.</summary>
    internal void Arm(TimeSpan timeout)
    {
        _isArmed = Oldest is not null;
        if (Oldest is { } oldest)
        {
            // Never zero: a timer that is due may run its callback within the call.
            TimeSpan left = timeout - _time.GetElapsedTime(oldest.IdleSince);
            _timer.Change(left > Soon ? left : Soon, Timeout.InfiniteTimeSpan);
        }
    }
}
