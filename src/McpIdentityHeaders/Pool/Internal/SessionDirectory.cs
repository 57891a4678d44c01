namespace McpIdentityHeaders.Internal;

/// <summary>Where the sessions of one client are found. Guarded by the lock of its <see cref="SessionTable"/>.</summary>
internal sealed class SessionDirectory
{
    private readonly HashSet<PooledSession> _all = [];
    private readonly Dictionary<UserKey, PooledSession> _byUser = [];
    private TaskCompletionSource _probed = new();
    private PooledSession? _probe;

    /// <summary>Gets all that are not gone.</summary>
    internal IReadOnlyCollection<PooledSession> All => _all;

    /// <summary>Gets the one that serves everybody.</summary>
    internal PooledSession? Shared { get; private set; }

    /// <summary>Gets what ends when it is known whether one can serve everybody, or was not found out; null where nobody is finding out.</summary>
    internal Task? Probing => _probe is null ? null : _probed.Task;

    /// <summary>Gets how many there are that count among those that there may be.</summary>
    internal int Counted { get; private set; }

    internal PooledSession? FindOwn(SessionUser user) =>
        user.Key is { } key && _byUser.TryGetValue(key, out PooledSession? session) ? session : null;

    internal void Add(PooledSession session)
    {
        _all.Add(session);
        if (session.Key is { } key)
        {
            _byUser.Add(key, session);
        }
    }

    internal void Count(PooledSession session)
    {
        session.IsCounted = true;
        Counted++;
    }

    internal void Uncount(PooledSession session)
    {
        Counted -= session.IsCounted ? 1 : 0;
        session.IsCounted = false;
    }

    /// <summary>Makes a user's session everybody's, unless there is one already.</summary>
    internal bool TryShare(PooledSession session)
    {
        if (Shared is not null)
        {
            return false;
        }

        Unlist(session);
        session.Key = null;
        session.IsVisitors = false;
        session.Session.Share();
        Shared = session;
        return true;
    }

    /// <summary>Has it found by nobody any more.</summary>
    internal void Unlist(PooledSession session)
    {
        Shared = Shared == session ? null : Shared;
        if (_probe == session)
        {
            EndProbe();
        }

        if (session.Key is { } key && _byUser.TryGetValue(key, out PooledSession? listed) && listed == session)
        {
            _byUser.Remove(key);
        }
    }

    /// <summary>Forgets it.</summary>
    internal void Remove(PooledSession session)
    {
        Unlist(session);
        _all.Remove(session);
    }

    /// <summary>Has a session find out whether it can serve everybody.</summary>
    internal void StartProbe(PooledSession session)
    {
        _probe = session;
        _probed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What one user was to find out is known, whoever found it out, or was not found out.</summary>
    internal void EndProbe()
    {
        _probe = null;
        _probed.TrySetResult();
    }
}
