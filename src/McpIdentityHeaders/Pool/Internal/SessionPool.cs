using System.Runtime.InteropServices;
using System.Security.Claims;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>The sessions of one client: rented, idle or shared, guarded by one lock.</summary>
/// <remarks>User code never runs under the lock: the connector opens and closes sessions in flows of their own.</remarks>
internal sealed class SessionPool : IDisposable
{
    private static readonly TimeSpan MinTimerDelay = TimeSpan.FromMilliseconds(1);

    // How long one user's connect may keep others waiting for what it finds out.
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(1);

    private readonly SessionConnector _connector;
    private readonly ITimer _idleTimer;

    private readonly Lock _gate = new();
    private readonly HashSet<PooledSession> _all = [];
    private readonly Dictionary<UserKey, PooledSession> _byUser = [];

    // Retired ones too, by the key for closing: closing a user's must not cost by all there are.
    private readonly Dictionary<UserKey, List<PooledSession>> _toCloseByUser = [];

    // Oldest first: one timeout serves all, so the order of return is the order of expiry.
    private readonly LinkedList<PooledSession> _idle = [];
    private PooledSession? _shared;
    private PooledSession? _probe;
    private TaskCompletionSource _probeEnded = new();
    private Task _probeEndedOrSlow = Task.CompletedTask;
    private HttpClientTransportOptions? _transport;
    private int _slotsInUse;
    private int _anonymousSlotsInUse;
    private int _waitingRents;
    private int _waitingAnonymousRents;
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

    /// <summary>Gets the transport options in force.</summary>
    internal HttpClientTransportOptions Transport => _connector.Transport;

    /// <summary>Reads the keys that closing a user goes by; none where the client was never rented: its settings may not be valid.</summary>
    internal HashSet<UserKey> ReadKeysForClosing(ClaimsPrincipal principal) =>
        _wasUsed ? _connector.ReadKeysForClosing(principal) : [];

    internal ValueTask<McpClientLease> RentAsync(ClaimsPrincipal? principal, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        SessionUser user = _connector.ReadUser(principal);
        _wasUsed = true;
        PooledSession session = Acquire(user, isWaiting: false, apart: false, out bool isReady);
        return isReady
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

    /// <summary>Whether the principal has a subject, by this client's options.</summary>
    internal bool HasSubject(ClaimsPrincipal principal) => _connector.HasSubject(principal);

    /// <summary>Closes all sessions of a user, leased ones too.</summary>
    internal Task CloseAsync(ClaimsPrincipal principal)
    {
        // A client whose settings were never valid has no sessions: its error must not stop closing elsewhere.
        if (!_wasUsed)
        {
            return Task.CompletedTask;
        }

        HashSet<UserKey> keys = _connector.ReadKeysForClosing(principal);
        lock (_gate)
        {
            return CloseAll([.. keys.SelectMany(key => _toCloseByUser.GetValueOrDefault(key) ?? [])], CloseReason.User);
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
            closing = CloseAll([.. _all], CloseReason.Shutdown);
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
            if (session.Session.IsStateless && options.AllowsSharing)
            {
                Share(session);
            }
            else if (_shared is { } shared && !session.Session.IsStateless && !shared.Session.TakeConfirmation())
            {
                // A backend may show state to one user that it refuses the rest. No other user's call has succeeded since.
                Retire(shared, CloseReason.Ended);
            }

            _keepsUsersApart = !session.Session.IsStateless && _shared is null;

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
            RemoveFromUser(session);
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
        try
        {
            bool apart = false;
            bool wasApart = false;
            while (true)
            {
                bool isLeased = false;
                try
                {
                    await session.Opened.WaitAsync(cancellationToken).ConfigureAwait(false);
                    ThrowIfClosed(session);

                    // Once only: a backend may refuse the question alone, again and again.
                    isLeased = session.RetiredFor is null or CloseReason.Ended
                        && (wasApart || !session.Session.IsSuspectFor(user.Key)
                            || await IsAliveAsync(session, user, cancellationToken).ConfigureAwait(false));
                    if (isLeased)
                    {
                        return CreateLease(user, session);
                    }

                    // What the backend refuses to one user, others may share: this one tries a session of its own.
                    apart = !wasApart && session is { RetiredFor: null, Session.HasOwner: false };
                    wasApart |= apart;
                }
                finally
                {
                    if (!isLeased)
                    {
                        _ = Release(session);
                    }
                }

                session = Acquire(user, isWaiting: true, apart, out _);
            }
        }
        finally
        {
            lock (_gate)
            {
                CountWaiting(user, -1);
            }
        }
    }

    /// <summary>Asks the backend for a suspect session, and retires it where it has ended, unless others share it.</summary>
    private async Task<bool> IsAliveAsync(PooledSession session, SessionUser user, CancellationToken cancellationToken)
    {
        bool isAlive = await _connector.IsAliveAsync(session, user.Key, cancellationToken).ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested)
        {
            // A cancelled question proves nothing: the next rent asks again.
            session.Session.SetSuspectFor(user.Key);
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (isAlive && session.RetiredFor is null)
        {
            return true;
        }

        if (!isAlive && session.Session is { HasOwner: true } or { HasEnded: true })
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
            throw new ClaimInjectionException(
                $"MCP client '{_connector.Name}': no session was rented: the user's sessions were closed meanwhile.",
                ClaimInjectionErrorReason.SessionsClosed);
        }
    }

    /// <summary>Leases the session that serves the user, and starts to open one where there is none.</summary>
    /// <param name="user">The user.</param>
    /// <param name="isWaiting">Whether the rent counts among those that wait already. One that is not ready begins to.</param>
    /// <param name="apart">Whether the user needs a session that others do not share.</param>
    /// <param name="isReady">Whether the user can use it at once.</param>
    /// <exception cref="ClaimInjectionException">The maximum of sessions is in use, or too many rents wait.</exception>
    private PooledSession Acquire(SessionUser user, bool isWaiting, bool apart, out bool isReady)
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
                ThrowIfTooManyWait(user, options);
            }

            PooledSession session = open ?? FindByUser(user) ?? Open(user, options);
            RemoveFromIdle(session);
            session.LeaseCount++;
            session.UpdatePrincipal(user);
            if (startsToWait)
            {
                CountWaiting(user, 1);
            }

            return session;
        }
    }

    private void ThrowIfTooManyWait(SessionUser user, McpClientPoolOptions options)
    {
        // No one user may keep the others out, and neither may anonymous ones.
        long half = options.WaitLimit / 2;
        bool takesHalf = user.Key is null
            ? _waitingAnonymousRents >= half
            : FindByUser(user) is { IsConnected: false } own && own.LeaseCount >= half;
        if (takesHalf || _waitingRents >= options.WaitLimit)
        {
            long limit = takesHalf ? half : options.WaitLimit;
            throw new ClaimInjectionException(
                $"MCP client '{_connector.Name}': no session was rented: {limit} rents wait for sessions to open already. Rent fewer at a time, or "
                + "raise McpClientPoolOptions.MaxSessions: twice as many may wait.",
                ClaimInjectionErrorReason.PoolExhausted);
        }
    }

    private void CountWaiting(SessionUser user, int change)
    {
        _waitingRents += change;
        _waitingAnonymousRents += user.Key is null ? change : 0;
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

    private PooledSession? FindOpen(SessionUser user, McpClientPoolOptions options, bool apart)
    {
        if (_shared is { } shared && !options.AllowsSharing)
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
            PooledSession? own = FindByUser(user) is { IsOpen: true } open ? open : null;
            return apart || own is { Session.IsStateless: false } ? own : _shared ?? own;
        }
    }

    private PooledSession Open(SessionUser user, McpClientPoolOptions options)
    {
        PooledSession session = _connector.CreateSession(user, _transport!);

        // One user probes whether all can share a client; others wait once only, since the backend may refuse or stall that user alone.
        Task? probe = _probe is not null && ShouldProbe(options) && !_probeEndedOrSlow.IsCompleted ? _probeEndedOrSlow : null;
        if (probe is null)
        {
            AcquireSlot(session, options);
        }

        _all.Add(session);
        if (session.Key is { } key)
        {
            _byUser.Add(key, session);
            (CollectionsMarshal.GetValueRefOrAddDefault(_toCloseByUser, key.ForClosing(), out _) ??= []).Add(session);
        }

        _connector.Open(session, probe, pool: this);
        return session;
    }

    /// <summary>Takes a slot for a session that is about to be opened, evicting the oldest idle one where none is free; has it probe where no other does.</summary>
    private void AcquireSlot(PooledSession session, McpClientPoolOptions options)
    {
        ThrowIfNoSlot(session, options);
        while (_slotsInUse >= options.MaxSessions)
        {
            Retire(_idle.First!.Value, CloseReason.Evicted);
        }

        session.HasSlot = true;
        CountSlot(session, 1);
        if (_probe is null && ShouldProbe(options))
        {
            _probe = session;
            _probeEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _probeEndedOrSlow = Task.WhenAny(_probeEnded.Task, Task.Delay(ProbePatience, _connector.Time));
        }
    }

    private void ThrowIfNoSlot(PooledSession session, McpClientPoolOptions options)
    {
        // Where a reload has lowered the maximum, evicting all idle ones may not suffice.
        if (_slotsInUse - _idle.Count >= options.MaxSessions)
        {
            throw new ClaimInjectionException(
                $"MCP client '{_connector.Name}': no session was opened: all of {options.MaxSessions} are in use. Give leases back sooner, or "
                + "raise McpClientPoolOptions.MaxSessions.",
                ClaimInjectionErrorReason.PoolExhausted);
        }

        if (session.IsAnonymous && _anonymousSlotsInUse >= options.AnonymousLimit)
        {
            throw new ClaimInjectionException(
                $"MCP client '{_connector.Name}': no session was opened: all of {options.AnonymousLimit} for anonymous users are in use. Give "
                + "leases back sooner, or raise McpClientPoolOptions.MaxAnonymousSessions.",
                ClaimInjectionErrorReason.PoolExhausted);
        }
    }

    private void CountSlot(PooledSession session, int change)
    {
        _slotsInUse += change;
        _anonymousSlotsInUse += session.IsAnonymous ? change : 0;
    }

    /// <summary>Whether one client may turn out to serve all users. Where it is known not to, no user waits for another.</summary>
    private bool ShouldProbe(McpClientPoolOptions options) =>
        !_keepsUsersApart && options.AllowsSharing && StatelessSession.IsPossible(_transport!, _connector.ClientOptions);

    private void Share(PooledSession session)
    {
        if (_shared is not null)
        {
            Retire(session, CloseReason.Shared);
            return;
        }

        RemoveFromIndex(session);
        RemoveFromUser(session);
        CountSlot(session, -1);
        session.Share();
        CountSlot(session, 1);
        _shared = session;
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
        CountSlot(session, session.HasSlot ? -1 : 0);
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

    /// <summary>Releases those who wait for the probe, whatever it found out.</summary>
    private void EndProbe()
    {
        _probe = null;
        _probeEnded.TrySetResult();
    }
}
