namespace McpIdentityHeaders.Internal;

/// <summary>The open sessions without a lease, oldest first. The lock of the <see cref="SessionPool"/> guards it.</summary>
/// <remarks>One timeout serves all, so the order of return is the order of expiry, and one timer is enough.</remarks>
internal sealed class IdleSessions : IDisposable
{
    private static readonly TimeSpan MinTimerDelay = TimeSpan.FromMilliseconds(1);

    private readonly LinkedList<PooledSession> _sessions = [];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private bool _isTimerArmed;

    /// <param name="time">Tells how long a session has been idle.</param>
    /// <param name="onDue">Called, outside the lock, when the oldest may have expired.</param>
    internal IdleSessions(TimeProvider time, Action onDue)
    {
        _time = time;

        // A timer captures the first renter's flow for the pool's lifetime: suppress it.
        using AsyncFlowControl? suppressed = ExecutionFlow.Suppress();
        _timer = time.CreateTimer(static due => ((Action)due!)(), onDue, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal int Count => _sessions.Count;

    internal PooledSession? Oldest => _sessions.First?.Value;

    public void Dispose() => _timer.Dispose();

    internal void Add(PooledSession session, TimeSpan timeout)
    {
        session.IdleSince = _time.GetTimestamp();
        _sessions.AddLast(session.IdleNode);
        if (!_isTimerArmed)
        {
            ArmTimer(timeout);
        }
    }

    internal void Remove(PooledSession session)
    {
        if (session.IdleNode.List is not null)
        {
            _sessions.Remove(session.IdleNode);
        }
    }

    internal PooledSession? FindExpired(TimeSpan timeout) =>
        Oldest is { } oldest && _time.GetElapsedTime(oldest.IdleSince) >= timeout ? oldest : null;

    internal void ArmTimer(TimeSpan timeout)
    {
        _isTimerArmed = Oldest is not null;
        if (Oldest is { } oldest)
        {
            // Never zero: a timer that is due may run its callback within Change, under the lock.
            TimeSpan left = timeout - _time.GetElapsedTime(oldest.IdleSince);
            _timer.Change(left > MinTimerDelay ? left : MinTimerDelay, Timeout.InfiniteTimeSpan);
        }
    }
}
