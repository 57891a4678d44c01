namespace McpIdentityHeaders.Internal;

/// <summary>
/// The sessions that nobody has, found by how long that has been, and the timer for the first. Guarded by the pool's lock.
/// </summary>
/// <remarks>
/// Sessions are rented and given back far more often than they are looked for here, so that costs nothing here: where a session stands is put
/// right when it comes to the front. It never stands too far behind, since being used only ever takes it further back.
/// </remarks>
internal sealed class IdleSessions : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(1);

    private readonly PriorityQueue<IdleEntry, long> _entries = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _lastTurn;
    private bool _isArmed;

    internal IdleSessions(TimeProvider time, Action expired)
    {
        _time = time;

        // A timer would keep what is ambient with whoever rents first, for as long as the pool lives.
        using AsyncFlowControl? suppressed = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        _timer = time.CreateTimer(static expired => ((Action)expired!)(), expired, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>Adds a session that has been given back.</summary>
    internal void Add(PooledSession session, TimeSpan timeout)
    {
        session.IdleSince = _time.GetTimestamp();
        session.IdleTurn = ++_lastTurn;
        if (session.IdleEntry is null)
        {
            session.IdleEntry = new IdleEntry(session);
            _entries.Enqueue(session.IdleEntry, session.IdleTurn);
        }

        if (!_isArmed)
        {
            Arm(timeout);
        }
    }

    /// <summary>Removes a session that is given to nobody any more.</summary>
    internal static void Remove(PooledSession session)
    {
        // The entry stays until it comes to the front, without what the session holds.
        session.IdleEntry?.Session = null;
        session.IdleEntry = null;
    }

    /// <summary>Finds the one that has been idle longest.</summary>
    internal PooledSession? FindOldest()
    {
        while (_entries.TryPeek(out IdleEntry? entry, out long turn))
        {
            if (entry.Session is not { Holds: 0 } session)
            {
                _entries.Dequeue();
                entry.Session?.IdleEntry = null;
            }
            else if (session.IdleTurn == turn)
            {
                return session;
            }
            else
            {
                _entries.DequeueEnqueue(entry, session.IdleTurn);
            }
        }

        return null;
    }

    /// <summary>Finds the oldest if it has been idle for that long.</summary>
    internal PooledSession? FindExpired(TimeSpan timeout) =>
        FindOldest() is { } oldest && _time.GetElapsedTime(oldest.IdleSince) >= timeout ? oldest : null;

    /// <summary>Has the timer tell when the oldest times out, if there is one.</summary>
    internal void Arm(TimeSpan timeout)
    {
        PooledSession? oldest = FindOldest();
        _isArmed = oldest is not null;
        if (oldest is not null)
        {
            // Never zero: a timer that is due may run its callback within the call.
            TimeSpan left = timeout - _time.GetElapsedTime(oldest.IdleSince);
            _timer.Change(left > Soon ? left : Soon, Timeout.InfiniteTimeSpan);
        }
    }
}
