using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>The sessions of one client: who has which, which are idle, and which one serves everybody. Each method is one step, under one lock.</summary>
/// <remarks>Nothing of anyone else's runs under the lock: what opens and closes sessions is started there, and runs in a flow of its own.</remarks>
internal sealed class SessionTable : IDisposable
{
    private readonly SessionPoolClient _client;
    private readonly Action<PooledSession> _open;
    private readonly Action<PooledSession> _close;

    private readonly Lock _gate = new();
    private readonly SessionDirectory _directory = new();
    private readonly IdleSessions _idle;

    private HttpClientTransportOptions? _transport;
    private bool _isKnownToKeepUsersApart;
    private int _count;
    private bool _isShutDown;

    internal SessionTable(SessionPoolClient client, Action<PooledSession> open, Action<PooledSession> close)
    {
        _client = client;
        _open = open;
        _close = close;
        _idle = new IdleSessions(client.Time, CloseExpired);
    }

    public void Dispose() => _idle.Dispose();

    /// <summary>Takes the session that serves the user, and starts to open one where there is none.</summary>
    /// <param name="user">The user.</param>
    /// <param name="mayWait">Whether the caller may be sent to wait for what another user finds out.</param>
    /// <param name="isAnothers">Whether it is another user's session, to be waited for and not taken.</param>
    /// <exception cref="InvalidOperationException">There are as many as there may be, and all are in use.</exception>
    internal PooledSession Take(PoolUser user, bool mayWait, out bool isAnothers)
    {
        // Asked before the lock: the first to ask has them made of other people's code.
        McpClientPoolOptions options = _client.PoolOptions;
        HttpClientTransportOptions transport = _client.Transport;

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isShutDown, typeof(IMcpClientPool));
            Adopt(transport);
            isAnothers = false;
            if (FindOpen(user, options) is { } open)
            {
                return Hold(open, user);
            }

            // Until it is known whether one client can serve everybody, one user finds out and the others wait.
            if (mayWait && _directory.Probe is { } probe && (user.Key is null || probe.Key != user.Key))
            {
                isAnothers = true;
                return probe;
            }

            return Hold(_directory.FindOwn(user) ?? Open(user, options), user);
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

                case PooledSessionState.Open when session.Key is null && session != _directory.Shared:
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
            _directory.EndProbe(session);
            _isKnownToKeepUsersApart = !session.Session.IsStateless;
            bool servesEverybody = session.Session.IsStateless && options.MayShare;

            if (servesEverybody && !_directory.TryShare(session))
            {
                Retire(session, CloseReason.Shared);
            }
        }
    }

    /// <summary>Forgets a session that is closed, or did not open. Tells whether it was retired before.</summary>
    internal bool Forget(PooledSession session)
    {
        lock (_gate)
        {
            bool wasRetired = session.State is PooledSessionState.Retired or PooledSessionState.Closing;
            if (session.State != PooledSessionState.Closing)
            {
                _count--;
                session.State = PooledSessionState.Closing;
            }

            _directory.Remove(session);
            return wasRetired;
        }
    }

    /// <summary>Retires a session that the backend ended. Tells whether it was still in use.</summary>
    internal bool SetEnded(PooledSession session)
    {
        lock (_gate)
        {
            bool wasOpen = session.State == PooledSessionState.Open;
            Retire(session, CloseReason.Ended);
            return wasOpen;
        }
    }

    /// <summary>Closes sessions, those in use too.</summary>
    /// <returns>A task that ends when they are gone.</returns>
    internal Task CloseAll(Func<PooledSession, bool> isMeant, string reason)
    {
        lock (_gate)
        {
            List<PooledSession> sessions = [.. _directory.All.Where(isMeant)];
            foreach (PooledSession session in sessions)
            {
                Retire(session, reason);
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
        lock (_gate)
        {
            _isShutDown = true;
            return CloseAll(static _ => true, CloseReason.Shutdown);
        }
    }

    /// <summary>Closes what has been idle for too long.</summary>
    internal void CloseExpired()
    {
        TimeSpan timeout = _client.PoolOptions.IdleTimeout;
        lock (_gate)
        {
            while (_idle.Expired(timeout) is { } session)
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

    private PooledSession? FindOpen(PoolUser user, McpClientPoolOptions options)
    {
        if (_directory.Shared is { } shared && !options.MayShare)
        {
            Retire(shared, CloseReason.Settings);
        }

        if ((_directory.Shared ?? _directory.FindOwn(user)) is not { State: PooledSessionState.Open } session)
        {
            return null;
        }

        if (session.Session.HasEnded)
        {
            Retire(session, CloseReason.Ended);
            return null;
        }

        return session;
    }

    private PooledSession Hold(PooledSession session, PoolUser user)
    {
        session.Holds++;
        _idle.Remove(session);

        session.Renew(user);
        return session;
    }

    private PooledSession Open(PoolUser user, McpClientPoolOptions options)
    {
        while (_count >= options.MaxSessions)
        {
            PooledSession oldest = _idle.Oldest ?? throw new InvalidOperationException(
                $"MCP client '{_client.Name}': no session was opened: all of {options.MaxSessions} are in use. Give leases back sooner, or raise "
                + "McpClientPoolOptions.MaxSessions.");
            Retire(oldest, CloseReason.Evicted);
        }

        PooledSession session = _client.NewSession(user, _transport!);
        _count++;
        _directory.Add(session);
        if (!_isKnownToKeepUsersApart && options.MayShare)
        {
            _directory.Probe ??= session;
        }

        _open(session);
        return session;
    }

    /// <summary>Has a session given to nobody any more. It is closed at once if nobody has it, else when the last has given it back.</summary>
    private void Retire(PooledSession session, string reason)
    {
        if (session.State is not (PooledSessionState.Opening or PooledSessionState.Open))
        {
            return;
        }

        _idle.Remove(session);
        _directory.Unlist(session);
        session.RetiredFor = reason;
        session.State = PooledSessionState.Retired;

        if (!session.IsConnected)
        {
            session.GiveUpOpening();
        }
        else if (session.Holds == 0)
        {
            Close(session);
        }
    }

    private void Close(PooledSession session)
    {
        session.State = PooledSessionState.Closing;
        _count--;
        _close(session);
    }
}
