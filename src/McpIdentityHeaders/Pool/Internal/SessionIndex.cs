using System.Runtime.InteropServices;

namespace McpIdentityHeaders.Internal;

/// <summary>Finds a client's sessions by their users. The lock of the <see cref="SessionPool"/> guards it.</summary>
internal sealed class SessionIndex
{
    private readonly HashSet<PooledSession> _all = [];
    private readonly Dictionary<UserKey, PooledSession> _byUser = [];

    // Retired ones too, by the key for closing: closing a user's must not cost by all there are.
    private readonly Dictionary<UserKey, List<PooledSession>> _toCloseByUser = [];

    /// <summary>Gets all sessions that are not gone, retired ones too.</summary>
    internal IReadOnlyCollection<PooledSession> All => _all;

    /// <summary>Gets the session that serves all users; null where there is none.</summary>
    internal PooledSession? Shared { get; private set; }

    internal PooledSession? FindByUser(SessionUser user) => user.Key is { } key ? _byUser.GetValueOrDefault(key) : null;

    /// <summary>Finds the sessions of a user, by the key for closing.</summary>
    internal IReadOnlyList<PooledSession> FindToClose(UserKey key) => _toCloseByUser.GetValueOrDefault(key) ?? [];

    internal void Add(PooledSession session)
    {
        _all.Add(session);
        if (session.Key is { } key)
        {
            _byUser.Add(key, session);
            (CollectionsMarshal.GetValueRefOrAddDefault(_toCloseByUser, key.ForClosing(), out _) ??= []).Add(session);
        }
    }

    /// <summary>Hides a session from rents. It can still be closed.</summary>
    internal void Hide(PooledSession session)
    {
        Shared = Shared == session ? null : Shared;
        if (session.Key is { } key && _byUser.GetValueOrDefault(key) == session)
        {
            _byUser.Remove(key);
        }
    }

    /// <summary>Makes a user's session the one that serves all users.</summary>
    internal void Share(PooledSession session)
    {
        Hide(session);
        RemoveFromUser(session);
        Shared = session;
    }

    internal void Remove(PooledSession session)
    {
        Hide(session);
        RemoveFromUser(session);
        _all.Remove(session);
    }

    private void RemoveFromUser(PooledSession session)
    {
        if (session.Key?.ForClosing() is { } key
            && _toCloseByUser.GetValueOrDefault(key) is { } sessions
            && sessions.Remove(session)
            && sessions.Count == 0)
        {
            _toCloseByUser.Remove(key);
        }
    }
}
