using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>The sessions of one client: who has which, which are idle, and which one serves everybody. Each method is one step, under one lock.</summary>
/// <remarks>Nothing of anyone else's runs under the lock: what opens and closes sessions is started there, and runs in a flow of its own.</remarks>
internal sealed class SessionTable : IDisposable
{
    private readonly SessionConnector _client;
    private readonly Action<PooledSession> _open;
    private readonly Action<PooledSession> _close;

    private readonly Lock _gate = new();
    private readonly SessionDirectory _directory = new();
    private readonly IdleSessions _idle;

    private HttpClientTransportOptions? _transport;
    private bool _isKnownToKeepUsersApart;
    private volatile bool _isShutDown;

    internal SessionTable(SessionConnector client, Action<PooledSession> open, Action<PooledSession> close)
    {
        _client = client;
        _open = open;
        _close = close;
        _idle = new IdleSessions(client.Time, CloseExpired);
    }

    public void Dispose() => _idle.Dispose();

    /// <summary>Takes the session that serves the user, and starts to open one where there is none.</summary>
    /// <exception cref="InvalidOperationException">There are as many as there may be, and all are in use.</exception>
    internal PooledSession Take(SessionUser user)
    {
        // Asked before the lock: the first to ask has them made of other people's code.
        McpClientPoolOptions options = _client.PoolOptions;
        HttpClientTransportOptions transport = _client.Transport;

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isShutDown, typeof(IMcpClientPool));
            Adopt(transport);

            PooledSession session = FindOpen(user, options) ?? _directory.FindOwn(user) ?? Open(user, options);
            session.Holds++;
            session.Renew(user);
            return session;
        }
    }

    /// <summary>Starts a session that has waited for another. Tells whether it is still needed.</summary>
    /// <exception cref="InvalidOperationException">There are as many as there may be, and all are in use.</exception>
    internal bool Start(PooledSession session)
    {
        McpClientPoolOptions options = _client.PoolOptions;
        lock (_gate)
        {
            if (_directory.Shared is not null && options.AllowsSharing)
            {
                Retire(session, CloseReason.Shared);
            }
            else if (session.State == PooledSessionState.Opening)
            {
                Count(session, options);
            }

            return session.State == PooledSessionState.Opening;
        }
    }

    /// <summary>Gives back what was taken.</summary>
    internal void Return(PooledSession session)
    {
        lock (_gate)
        {
            if (--session.Holds > 0)
            {
                return;
            }

            switch (session.State)
            {
                case PooledSessionState.Opening:
                    Retire(session, CloseReason.Abandoned);
                    break;

                case PooledSessionState.Open when session.IsVisitors:
                    Retire(session, CloseReason.Returned);
                    break;

                case PooledSessionState.Open:
                    _idle.Add(session, _client.PoolOptions.IdleTimeout);
                    break;

                case PooledSessionState.Retired when session.IsConnected:
                    Close(session);
                    break;
            }
        }
    }

    /// <summary>Finds the place of a session that is connected: everybody's, its user's, or none any more.</summary>
    internal void SetConnected(PooledSession session)
    {
        McpClientPoolOptions options = _client.PoolOptions;
        lock (_gate)
        {
            session.IsConnected = true;
            if (session.State == PooledSessionState.Retired)
            {
                Close(session);
                return;
            }

            session.State = PooledSessionState.Open;
            _directory.EndProbe();
            _isKnownToKeepUsersApart = !session.Session.IsStateless;
            if (session.Session.IsStateless && options.AllowsSharing && !_directory.TryShare(session))
            {
                Retire(session, CloseReason.Shared);
            }
        }
    }

    /// <summary>Forgets a session that is closed, or did not open.</summary>
    internal void Forget(PooledSession session)
    {
        lock (_gate)
        {
            session.State = PooledSessionState.Closing;
            _directory.Uncount(session);
            _directory.Remove(session);
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

    /// <summary>Closes sessions, those in use too, and ends when they are gone.</summary>
    internal Task CloseAll(Func<PooledSession, bool> isMeant, string reason)
    {
        lock (_gate)
        {
            List<PooledSession> sessions = [.. _directory.All.Where(isMeant)];
            foreach (PooledSession session in sessions)
            {
                Retire(session, reason);

                // Where it was retired before, for whoever still waits for it.
                session.RetiredFor = reason;
                if (session is { State: PooledSessionState.Retired, IsConnected: true })
                {
                    Close(session);
                }
            }

            return Task.WhenAll(sessions.Select(session => session.Gone));
        }
    }

    /// <summary>Closes all sessions, and opens none any more.</summary>
    internal Task ShutDown()
    {
        _isShutDown = true;
        return CloseAll(static _ => true, CloseReason.Shutdown);
    }

    /// <summary>Closes what has been idle for too long.</summary>
    internal void CloseExpired()
    {
        TimeSpan timeout = _client.PoolOptions.IdleTimeout;
        lock (_gate)
        {
            while (_idle.FindExpired(timeout) is { } session)
            {
                Retire(session, CloseReason.Idle);
            }

            _idle.Arm(timeout);
        }
    }

    /// <summary>Retires what was opened with transport options that are not in force any more.</summary>
    private void Adopt(HttpClientTransportOptions transport)
    {
        if (transport == _transport)
        {
            return;
        }

        // Asked again: another thread may have seen a later change, and have got here first.
        transport = _client.Transport;
        if (_transport is not null && !TransportOptions.AreSame(transport, _transport))
        {
            _isKnownToKeepUsersApart = false;
            foreach (PooledSession session in _directory.All)
            {
                Retire(session, CloseReason.Settings);
            }
        }

        _transport = transport;
    }

    private PooledSession? FindOpen(SessionUser user, McpClientPoolOptions options)
    {
        if (_directory.Shared is { } shared && !options.AllowsSharing)
        {
            Retire(shared, CloseReason.Settings);
        }

        while ((_directory.Shared ?? _directory.FindOwn(user)) is { State: PooledSessionState.Open } session)
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
        PooledSession session = _client.NewSession(user, _transport!);

        // Until it is known whether one client can serve everybody, one user finds out and the others wait: once, since what that user finds
        // out may be true for that user only, as that the backend refuses.
        session.WaitsFor = ShouldProbe(options) ? _directory.Probing : null;
        if (session.WaitsFor is null)
        {
            Count(session, options);
        }

        _directory.Add(session);
        _open(session);
        return session;
    }

    /// <summary>Makes room for a session that is about to be opened.</summary>
    private void Count(PooledSession session, McpClientPoolOptions options)
    {
        while (_directory.Counted >= options.MaxSessions)
        {
            PooledSession oldest = _idle.FindOldest() ?? throw new InvalidOperationException(
                $"MCP client '{_client.Name}': no session was opened: all of {options.MaxSessions} are in use. Give leases back sooner, or raise "
                + "McpClientPoolOptions.MaxSessions.");
            Retire(oldest, CloseReason.Evicted);
        }

        _directory.Count(session);
        if (ShouldProbe(options) && _directory.Probing is null)
        {
            _directory.StartProbe(session);
        }
    }

    /// <summary>Whether one client may turn out to serve everybody. Some that cannot are known beforehand, and keep nobody waiting.</summary>
    private bool ShouldProbe(McpClientPoolOptions options) =>
        !_isKnownToKeepUsersApart && options.AllowsSharing && _transport is { OAuth: null, TransportMode: not HttpTransportMode.Sse };

    /// <summary>Has a session given to nobody any more, and closed when nobody has it; one that is being opened keeps nobody waiting.</summary>
    private void Retire(PooledSession session, string reason)
    {
        if (session.State is not (PooledSessionState.Opening or PooledSessionState.Open))
        {
            return;
        }

        IdleSessions.Remove(session);
        _directory.Unlist(session);
        session.RetiredFor = reason;
        session.State = PooledSessionState.Retired;

        if (!session.IsConnected)
        {
            _directory.Uncount(session);
            session.SetOpened();
        }
        else if (session.Holds == 0)
        {
            Close(session);
        }
    }

    private void Close(PooledSession session)
    {
        session.State = PooledSessionState.Closing;
        _directory.Uncount(session);
        _close(session);
    }
}
