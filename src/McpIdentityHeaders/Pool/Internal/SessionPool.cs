using System.Security.Claims;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>The sessions of one client: rented, idle or shared, guarded by one lock.</summary>
/// <remarks>User code never runs under the lock: the connector opens and closes sessions in flows of their own.</remarks>
internal sealed class SessionPool : IDisposable
{
    private static readonly TimeSpan MinTimerDelay = TimeSpan.FromMilliseconds(1);

    private readonly SessionConnector _connector;
    private readonly ITimer _idleTimer;

    private readonly Lock _gate = new();
    private readonly HashSet<PooledSession> _all = [];
    private readonly Dictionary<UserKey, PooledSession> _byUser = [];

    // Oldest first: one timeout serves all, so the order of return is the order of expiry.
    private readonly LinkedList<PooledSession> _idle = [];
    private PooledSession? _shared;
    private PooledSession? _probe;
    private TaskCompletionSource _probeEnded = new();
    private HttpClientTransportOptions? _transport;
    private int _slotsInUse;
    private bool _isIdleTimerArmed;
    private bool _keepsUsersApart;
    private bool _isShutDown;
    private volatile bool _wasUsed;

    internal SessionPool(SessionConnector connector)
    {
        _connector = connector;

        // A timer captures the first renter's flow for the pool's lifetime: suppress it.
        using AsyncFlowControl? suppressed = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        _idleTimer = connector.Time.CreateTimer(
            static pool => ((SessionPool)pool!).CloseExpired(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        connector.PoolOptionsChanged = CloseExpired;
    }

    public void Dispose()
    {
        _connector.Dispose();
        _idleTimer.Dispose();
    }

    /// <summary>Reads the key of a user; null where the user is anonymous or unknown.</summary>
    /// <exception cref="ClaimInjectionException">A signed-in user has no key.</exception>
    internal UserKey? ReadKey(ClaimsPrincipal? principal) => _connector.ReadUser(principal).Key;

    internal ValueTask<McpClientLease> RentAsync(ClaimsPrincipal? principal, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        SessionUser user = _connector.ReadUser(principal);
        _wasUsed = true;
        PooledSession session = Acquire(user);
        return session is { IsOpen: true, Session.IsSuspect: false }
            ? new ValueTask<McpClientLease>(CreateLease(user, session))
            : new ValueTask<McpClientLease>(WaitAndRentAsync(user, session, cancellationToken));
    }

    /// <summary>Ends one lease of a session. The task completes when an anonymous session, which no other rent can get, is closed.</summary>
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

    /// <summary>Closes all sessions of a user, leased ones too.</summary>
    internal bool HasSubject(ClaimsPrincipal principal) => _connector.HasSubject(principal);

    internal Task CloseAsync(ClaimsPrincipal principal)
    {
        // A client whose settings were never valid has no sessions: its error must not stop closing elsewhere.
        if (!_wasUsed)
        {
            return Task.CompletedTask;
        }

        HashSet<UserKey> keys = _connector.ReadKeys(principal);
        return CloseAll(session => session.Key is { } key && keys.Contains(key.WithoutOtherClaims), CloseReason.User);
    }

    /// <summary>Closes all sessions, and opens no more.</summary>
    /// <param name="cancellationToken">Gives up backends that do not respond.</param>
    internal Task ShutDownAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _isShutDown = true;
        }

        Task closing = CloseAll(static _ => true, CloseReason.Shutdown);
        return closing.IsCompleted ? Task.CompletedTask : _connector.WaitAndGiveUpAsync(closing, cancellationToken);
    }

    /// <summary>Starts a session that waited for a probe. Returns whether it is still needed.</summary>
    /// <exception cref="InvalidOperationException">The maximum of sessions is in use.</exception>
    internal bool TryStart(PooledSession session)
    {
        McpClientPoolOptions options = _connector.PoolOptions;
        lock (_gate)
        {
            if (_shared is not null && options.AllowsSharing)
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

            EndProbe();
            _keepsUsersApart = !session.Session.IsStateless;
            if (session.Session.IsStateless && options.AllowsSharing)
            {
                Share(session);
            }

            session.SetOpened();
        }
    }

    /// <summary>Retires a session that the backend ended.</summary>
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
            ReleaseSlot(session);
            RemoveFromIndex(session);
            _all.Remove(session);
        }

        // After the removal: a rent that follows the failure must try again.
        if (error is not null)
        {
            session.SetFailed(error);
        }

        session.Dispose();
    }

    private McpClientLease CreateLease(SessionUser user, PooledSession session) => new(
        this,
        session,
        new LeaseIdentity(session.Session, user.Principal, session.Session.Owner ?? _connector.CreateOwner(user)),
        _connector.Accessor);

    private async Task<McpClientLease> WaitAndRentAsync(SessionUser user, PooledSession session, CancellationToken cancellationToken)
    {
        while (true)
        {
            bool isLeased = false;
            try
            {
                await session.Opened.WaitAsync(cancellationToken).ConfigureAwait(false);
                ThrowIfClosed(session);
                isLeased = session.RetiredFor is null or CloseReason.Ended
                    && (!session.Session.IsSuspect || await IsAliveAsync(session, cancellationToken).ConfigureAwait(false));
                if (isLeased)
                {
                    return CreateLease(user, session);
                }
            }
            finally
            {
                if (!isLeased)
                {
                    _ = Release(session);
                }
            }

            session = Acquire(user);
        }
    }

    /// <summary>Probes a suspect session at the backend, and retires it where that fails.</summary>
    private async Task<bool> IsAliveAsync(PooledSession session, CancellationToken cancellationToken)
    {
        bool isAlive = await _connector.IsAliveAsync(session, cancellationToken).ConfigureAwait(false);
        if (isAlive && session.RetiredFor is null)
        {
            return true;
        }

        if (cancellationToken.IsCancellationRequested)
        {
            // A cancelled probe proves nothing: the next rent probes again.
            session.Session.IsSuspect = true;
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (!isAlive)
        {
            SetEnded(session);
        }

        ThrowIfClosed(session);
        return false;
    }

    /// <summary>A rent during sign-out or shutdown must not get another session afterwards.</summary>
    private void ThrowIfClosed(PooledSession session)
    {
        ObjectDisposedException.ThrowIf(session.RetiredFor == CloseReason.Shutdown, typeof(IMcpClientPool));
        if (session.RetiredFor == CloseReason.User)
        {
            throw new InvalidOperationException(
                $"MCP client '{_connector.Name}': no session was rented: the user's sessions were closed meanwhile.");
        }
    }

    /// <summary>Leases the session that serves the user, and starts to open one where there is none.</summary>
    /// <exception cref="InvalidOperationException">The maximum of sessions is in use.</exception>
    private PooledSession Acquire(SessionUser user)
    {
        // Read before the lock: the first read runs user code that configures options.
        McpClientPoolOptions options = _connector.PoolOptions;
        HttpClientTransportOptions transport = _connector.Transport;

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isShutDown, typeof(IMcpClientPool));
            ApplyTransport(transport);

            PooledSession session = FindOpen(user, options) ?? FindByUser(user) ?? Open(user, options);
            RemoveFromIdle(session);
            session.LeaseCount++;
            session.UpdatePrincipal(user);
            return session;
        }
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
            session.IdleSince = _connector.Time.GetTimestamp();
            _idle.AddLast(session.IdleNode);
            if (!_isIdleTimerArmed)
            {
                ArmIdleTimer(idleTimeout);
            }
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
            _keepsUsersApart = false;
            foreach (PooledSession session in _all)
            {
                Retire(session, CloseReason.Settings);
            }
        }

        _transport = transport;
    }

    private PooledSession? FindByUser(SessionUser user) => user.Key is { } key ? _byUser.GetValueOrDefault(key) : null;

    private PooledSession? FindOpen(SessionUser user, McpClientPoolOptions options)
    {
        if (_shared is { } shared && !options.AllowsSharing)
        {
            Retire(shared, CloseReason.Settings);
        }

        while ((_shared ?? FindByUser(user)) is { IsOpen: true } session)
        {
            if (!session.Session.HasEnded)
            {
                return session;
            }

            Retire(session, CloseReason.Ended);
        }

        return null;
    }

    private PooledSession Open(SessionUser user, McpClientPoolOptions options)
    {
        PooledSession session = _connector.CreateSession(user, _transport!);

        // One user probes whether all can share a client; others wait once only, since the backend may refuse that user alone.
        Task? probe = _probe is not null && ShouldProbe(options) ? _probeEnded.Task : null;
        if (probe is null)
        {
            AcquireSlot(session, options);
        }

        _all.Add(session);
        if (session.Key is { } key)
        {
            _byUser.Add(key, session);
        }

        _connector.Open(session, probe, pool: this);
        return session;
    }

    /// <summary>Takes a slot for a session that is about to be opened, evicting the oldest idle one where none is free; has it probe where no other does.</summary>
    private void AcquireSlot(PooledSession session, McpClientPoolOptions options)
    {
        while (_slotsInUse >= options.MaxSessions)
        {
            PooledSession oldest = _idle.First?.Value ?? throw new InvalidOperationException(
                $"MCP client '{_connector.Name}': no session was opened: all of {options.MaxSessions} are in use. Give leases back sooner, or "
                + "raise McpClientPoolOptions.MaxSessions.");
            Retire(oldest, CloseReason.Evicted);
        }

        session.HasSlot = true;
        _slotsInUse++;
        if (_probe is null && ShouldProbe(options))
        {
            _probe = session;
            _probeEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Whether one client may turn out to serve all users. Where it is known not to, no user waits for another.</summary>
    private bool ShouldProbe(McpClientPoolOptions options) =>
        !_keepsUsersApart && options.AllowsSharing && _transport is { OAuth: null, TransportMode: not HttpTransportMode.Sse };

    private void Share(PooledSession session)
    {
        if (_shared is not null)
        {
            Retire(session, CloseReason.Shared);
            return;
        }

        RemoveFromIndex(session);
        session.Share();
        _shared = session;
    }

    /// <summary>Closes matching sessions, leased ones too. The task completes when they are gone.</summary>
    private Task CloseAll(Func<PooledSession, bool> matches, string reason)
    {
        lock (_gate)
        {
            List<PooledSession> sessions = [.. _all.Where(matches)];
            foreach (PooledSession session in sessions)
            {
                Retire(session, reason);

                // Overwrite an earlier reason: waiters must see that the user, or the pool, was closed.
                session.RetiredFor = reason;
                CloseIfConnected(session);
            }

            return Task.WhenAll(sessions.Select(session => session.Gone));
        }
    }

    private void CloseExpired()
    {
        TimeSpan timeout = _connector.PoolOptions.IdleTimeout;
        lock (_gate)
        {
            while (_idle.First?.Value is { } oldest && _connector.Time.GetElapsedTime(oldest.IdleSince) >= timeout)
            {
                Retire(oldest, CloseReason.Idle);
            }

            ArmIdleTimer(timeout);
        }
    }

    private void ArmIdleTimer(TimeSpan timeout)
    {
        _isIdleTimerArmed = _idle.First is not null;
        if (_idle.First?.Value is { } oldest)
        {
            // Never zero: a timer that is due may run its callback within Change, under the lock.
            TimeSpan left = timeout - _connector.Time.GetElapsedTime(oldest.IdleSince);
            _idleTimer.Change(left > MinTimerDelay ? left : MinTimerDelay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Hides a session from further rents. Closes it once unleased; still being opened, it releases its waiters.</summary>
    private void Retire(PooledSession session, string reason)
    {
        if (session.RetiredFor is not null || session.IsClosing)
        {
            return;
        }

        RemoveFromIdle(session);
        RemoveFromIndex(session);
        session.RetiredFor = reason;

        if (!session.IsConnected)
        {
            ReleaseSlot(session);
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
            ReleaseSlot(session);
            _connector.Close(session, pool: this);
        }
    }

    private void ReleaseSlot(PooledSession session)
    {
        _slotsInUse -= session.HasSlot ? 1 : 0;
        session.HasSlot = false;
    }

    private void RemoveFromIdle(PooledSession session)
    {
        if (session.IdleNode.List is not null)
        {
            _idle.Remove(session.IdleNode);
        }
    }

    private void RemoveFromIndex(PooledSession session)
    {
        _shared = _shared == session ? null : _shared;
        if (_probe == session)
        {
            EndProbe();
        }

        if (session.Key is { } key && _byUser.GetValueOrDefault(key) == session)
        {
            _byUser.Remove(key);
        }
    }

    /// <summary>Releases those who wait for the probe, whatever it found out.</summary>
    private void EndProbe()
    {
        _probe = null;
        _probeEnded.TrySetResult();
    }
}
