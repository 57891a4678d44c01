using System.Security.Claims;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>The sessions of one client, from opening to closing. One lock guards them, and what finds, counts and bounds them.</summary>
/// <remarks>User code never runs under the lock: the connector opens and closes sessions in flows of their own.</remarks>
internal sealed class SessionPool : IDisposable
{
    private readonly SessionConnector _connector;
    private readonly Lock _gate = new();
    private readonly SessionIndex _index = new();
    private readonly IdleSessions _idle;
    private readonly SessionSlots _slots;
    private readonly SharingProbe _probe;
    private readonly WaitingRents _waiting;
    private readonly RentWaiter _waiter;
    private HttpClientTransportOptions? _transport;
    private bool _isShutDown;
    private volatile bool _wasUsed;

    internal SessionPool(SessionConnector connector)
    {
        _connector = connector;
        _idle = new IdleSessions(connector.Time, CloseExpired);
        _slots = new SessionSlots(connector.Name);
        _probe = new SharingProbe(connector.Time);
        _waiting = new WaitingRents(connector.Name);
        _waiter = new RentWaiter(this, connector);
        connector.PoolOptionsChanged = CloseExpired;
    }

    internal string ClientName => _connector.Name;

    public void Dispose()
    {
        _connector.Dispose();
        _idle.Dispose();
    }

    /// <summary>Reads the key of a user; null where the user is anonymous or unknown.</summary>
    /// <exception cref="ClaimInjectionException">A signed-in user has no key.</exception>
    internal UserKey? ReadKey(ClaimsPrincipal? principal) => _connector.ReadUser(principal).Key;

    internal HttpClientTransportOptions Transport => _connector.Transport;

    /// <summary>Reads the keys that closing a user goes by; none where the client was never rented: its settings may be invalid.</summary>
    internal HashSet<UserKey> ReadKeysForClosing(ClaimsPrincipal principal) =>
        _wasUsed ? _connector.ReadKeysForClosing(principal) : [];

    /// <summary>Counts what the pool's bounds are about; null where the client was never rented. Opens nothing.</summary>
    internal PoolUsage? FindUsage()
    {
        if (!_wasUsed)
        {
            return null;
        }

        McpClientPoolOptions options = _connector.PoolOptions;
        lock (_gate)
        {
            return new PoolUsage(
                _connector.Name,
                _slots.InUse,
                options.MaxSessions,
                _idle.Count,
                _slots.AnonymousInUse,
                options.AnonymousLimit,
                _waiting.Count,
                options.WaitLimit);
        }
    }

    internal ValueTask<McpClientLease> RentAsync(ClaimsPrincipal? principal, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        SessionUser user = _connector.ReadUser(principal);
        _wasUsed = true;
        PooledSession session = Acquire(user, isWaiting: false, apart: false, out bool isReady);
        return isReady
            ? new ValueTask<McpClientLease>(CreateLease(user, session))
            : new ValueTask<McpClientLease>(_waiter.WaitAndRentAsync(user, session, cancellationToken));
    }

    internal McpClientLease CreateLease(SessionUser user, PooledSession session) => new(
        this,
        session,
        new LeaseIdentity(session.Session, user.Principal, session.Session.Owner ?? _connector.CreateOwner(user)),
        _connector.Accessor);

    /// <summary>Leases the session that serves the user, and starts to open one where there is none.</summary>
    /// <param name="user">The user.</param>
    /// <param name="isWaiting">Whether the rent counts among those that wait already. One that is not ready begins to.</param>
    /// <param name="apart">Whether the user needs a session that others do not share.</param>
    /// <param name="isReady">Whether the user can use it at once.</param>
    /// <exception cref="ClaimInjectionException">The maximum of sessions is in use, or too many rents wait.</exception>
    internal PooledSession Acquire(SessionUser user, bool isWaiting, bool apart, out bool isReady)
    {
        // Read before the lock: the first read runs user code that configures options.
        McpClientPoolOptions options = _connector.PoolOptions;
        HttpClientTransportOptions transport = _connector.Transport;
        _ = _connector.ClientOptions;

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isShutDown, typeof(IMcpClientPool));
            ApplyTransport(transport);

            PooledSession? open = FindOpen(user, options, apart);
            isReady = open?.IsReadyFor(user.Key) == true;
            bool startsToWait = !isReady && !isWaiting;
            if (startsToWait)
            {
                _waiting.ThrowIfTooMany(user, options);
            }

            PooledSession session = open ?? _index.FindByUser(user) ?? Open(user, options);
            _idle.Remove(session);
            session.LeaseCount++;
            session.UpdatePrincipal(user);
            if (startsToWait)
            {
                _waiting.Add(user);
            }

            return session;
        }
    }

    /// <summary>Ends the wait of a rent that got its session, or failed.</summary>
    internal void EndWait(SessionUser user)
    {
        lock (_gate)
        {
            _waiting.Remove(user);
        }
    }

    /// <summary>Ends one lease of a session. The task completes when an anonymous session, which has one lease only, is closed.</summary>
    internal Task Release(PooledSession session)
    {
        TimeSpan idleTimeout = _connector.PoolOptions.IdleTimeout;
        lock (_gate)
        {
            if (--session.LeaseCount == 0)
            {
                ReleaseLast(session, idleTimeout);
            }

            return session is { IsAnonymous: true, IsClosing: true } ? session.Gone : Task.CompletedTask;
        }
    }

    internal bool HasSubject(ClaimsPrincipal principal) => _connector.HasSubject(principal);

    /// <summary>Closes all sessions of a user, leased ones too.</summary>
    internal Task CloseAsync(ClaimsPrincipal principal)
    {
        // A client that never had valid settings has no sessions: its error must not stop closing elsewhere.
        if (!_wasUsed)
        {
            return Task.CompletedTask;
        }

        HashSet<UserKey> keys = _connector.ReadKeysForClosing(principal);
        lock (_gate)
        {
            return CloseAll([.. keys.SelectMany(_index.FindToClose)], CloseReason.User);
        }
    }

    /// <summary>Closes all sessions, and opens no more.</summary>
    /// <param name="cancellationToken">Gives up backends that do not respond.</param>
    internal Task ShutDownAsync(CancellationToken cancellationToken)
    {
        Task closing;
        lock (_gate)
        {
            _isShutDown = true;
            closing = CloseAll([.. _index.All], CloseReason.Shutdown);
        }

        return closing.IsCompleted ? Task.CompletedTask : _connector.WaitAndGiveUpAsync(closing, cancellationToken);
    }

    /// <summary>Starts a session that waited for a probe. Returns whether it is still needed.</summary>
    /// <exception cref="ClaimInjectionException">The maximum of sessions is in use.</exception>
    internal bool TryStart(PooledSession session)
    {
        McpClientPoolOptions options = _connector.PoolOptions;
        lock (_gate)
        {
            if (_index.Shared is not null && options.AllowsSharing)
            {
                Retire(session, CloseReason.Shared);
            }
            else if (session.RetiredFor is null)
            {
                AcquireSlot(session, options);
            }

            return session.RetiredFor is null;
        }
    }

    /// <summary>Gives a connected session to its user or, where stateless, to all; closes it where retired meanwhile.</summary>
    internal void SetConnected(PooledSession session)
    {
        McpClientPoolOptions options = _connector.PoolOptions;
        lock (_gate)
        {
            session.IsConnected = true;
            if (session.RetiredFor is not null)
            {
                CloseIfConnected(session);
                return;
            }

            _probe.End();
            if (session.Session.IsStateless && options.AllowsSharing)
            {
                Share(session);
            }
            else if (_index.Shared is { } shared && !session.Session.IsStateless && !shared.Session.ResetConfirmation())
            {
                // Keep the shared session while its calls succeed: a backend may refuse it to one user alone.
                Retire(shared, CloseReason.Ended);
            }

            _probe.IsRuledOut = !session.Session.IsStateless && _index.Shared is null;

            session.SetOpened();
        }
    }

    internal void SetEnded(PooledSession session)
    {
        lock (_gate)
        {
            Retire(session, CloseReason.Ended);
        }
    }

    /// <summary>Removes a session that is closed, or did not open.</summary>
    /// <param name="session">The session.</param>
    /// <param name="error">Why opening it failed, for those who wait for it.</param>
    internal void Remove(PooledSession session, Exception? error = null)
    {
        lock (_gate)
        {
            session.IsClosing = true;
            _slots.Release(session);
            _probe.EndFor(session);
            _index.Remove(session);
        }

        // After the removal: a rent that follows the failure must try again.
        if (error is not null)
        {
            session.SetFailed(error);
        }

        session.Dispose();
    }

    private void ReleaseLast(PooledSession session, TimeSpan idleTimeout)
    {
        if (session.RetiredFor is not null)
        {
            CloseIfConnected(session);
        }
        else if (!session.IsConnected)
        {
            Retire(session, CloseReason.Abandoned);
        }
        else if (session.IsAnonymous)
        {
            Retire(session, CloseReason.Returned);
        }
        else
        {
            _idle.Add(session, idleTimeout);
        }
    }

    /// <summary>Retires the sessions of other transport options than those in force.</summary>
    private void ApplyTransport(HttpClientTransportOptions transport)
    {
        if (transport == _transport)
        {
            return;
        }

        // Read again under the lock: another thread may have applied a later change.
        transport = _connector.Transport;
        if (_transport is not null && !TransportOptions.AreSame(transport, _transport))
        {
            _probe.IsRuledOut = false;
            foreach (PooledSession session in _index.All)
            {
                Retire(session, CloseReason.Settings);
            }
        }

        _transport = transport;
    }

    private PooledSession? FindOpen(SessionUser user, McpClientPoolOptions options, bool apart)
    {
        if (_index.Shared is { } shared && !options.AllowsSharing)
        {
            Retire(shared, CloseReason.Settings);
        }

        while (FindUsable() is { } session)
        {
            if (!session.Session.HasEnded)
            {
                return session;
            }

            Retire(session, CloseReason.Ended);
        }

        return null;

        // A user has a session with state beside the shared one where the backend refused the shared one to that user.
        PooledSession? FindUsable()
        {
            PooledSession? own = _index.FindByUser(user) is { IsOpen: true } open ? open : null;
            return apart || own is { Session.IsStateless: false } ? own : _index.Shared ?? own;
        }
    }

    private PooledSession Open(SessionUser user, McpClientPoolOptions options)
    {
        PooledSession session = _connector.CreateSession(user, _transport!);

        Task? probe = ShouldProbe(options) ? _probe.Current : null;
        if (probe is null)
        {
            AcquireSlot(session, options);
        }

        _index.Add(session);
        _connector.Open(session, probe, pool: this);
        return session;
    }

    /// <summary>Acquires a slot for a session, evicting the oldest idle one if none is free, and begins the probe if it is due.</summary>
    private void AcquireSlot(PooledSession session, McpClientPoolOptions options)
    {
        _slots.ThrowIfNone(session, _idle.Count, options);
        while (_slots.AreAllTaken(options))
        {
            Retire(_idle.Oldest!, CloseReason.Evicted);
        }

        _slots.Acquire(session);
        if (ShouldProbe(options))
        {
            _probe.Begin(session);
        }
    }

    private bool ShouldProbe(McpClientPoolOptions options) => _probe.IsNeeded(_transport!, _connector.ClientOptions, options);

    private void Share(PooledSession session)
    {
        if (_index.Shared is not null)
        {
            Retire(session, CloseReason.Shared);
            return;
        }

        _index.Share(session);

        // An anonymous user's slot becomes one of all users.
        _slots.Release(session);
        session.Share();
        _slots.Acquire(session);
    }

    /// <summary>Closes sessions, leased ones too. The task completes when they are gone.</summary>
    private Task CloseAll(List<PooledSession> sessions, string reason)
    {
        foreach (PooledSession session in sessions)
        {
            Retire(session, reason);

            // Overwrite an earlier reason: waiters must see that the user, or the pool, was closed.
            session.RetiredFor = reason;
            CloseIfConnected(session);
        }

        return Task.WhenAll(sessions.Select(session => session.Gone));
    }

    private void CloseExpired()
    {
        TimeSpan timeout = _connector.PoolOptions.IdleTimeout;
        lock (_gate)
        {
            while (_idle.FindExpired(timeout) is { } expired)
            {
                Retire(expired, CloseReason.Idle);
            }

            _idle.ArmTimer(timeout);
        }
    }

    /// <summary>Hides a session from further rents. Closes it once unleased; still being opened, it releases its waiters.</summary>
    private void Retire(PooledSession session, string reason)
    {
        if (session.RetiredFor is not null || session.IsClosing)
        {
            return;
        }

        _idle.Remove(session);
        _probe.EndFor(session);
        _index.Hide(session);
        session.RetiredFor = reason;

        if (!session.IsConnected)
        {
            _slots.Release(session);
            session.SetOpened();
        }
        else if (session.LeaseCount == 0)
        {
            CloseIfConnected(session);
        }
    }

    private void CloseIfConnected(PooledSession session)
    {
        if (session is { IsConnected: true, IsClosing: false })
        {
            session.IsClosing = true;
            _slots.Release(session);
            _connector.Close(session, pool: this);
        }
    }
}
