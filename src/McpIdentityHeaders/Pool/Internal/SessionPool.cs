using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Rents, opens and closes the sessions of one client.</summary>
internal sealed class SessionPool : IDisposable
{
    private readonly SessionConnector _client;
    private readonly SessionTable _sessions;
    private volatile bool _wasUsed;

    internal SessionPool(SessionConnector client)
    {
        _client = client;
        _sessions = new SessionTable(
            client,
            open: session => ExecutionFlow.RunWithoutFlow(() => OpenAsync(session)),
            close: session => ExecutionFlow.RunWithoutFlow(() => CloseAsync(session)));
        client.PoolOptionsChanged = _sessions.CloseExpired;
    }

    public void Dispose()
    {
        _client.Dispose();
        _sessions.Dispose();
    }

    internal ValueTask<McpClientLease> RentAsync(ClaimsPrincipal? principal, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        SessionUser user = _client.UserOf(principal);
        _wasUsed = true;
        PooledSession session = _sessions.Take(user);
        return session.State == PooledSessionState.Open && !session.Session.IsDoubtful
            ? new ValueTask<McpClientLease>(new McpClientLease(this, session))
            : new ValueTask<McpClientLease>(WaitAndRentAsync(user, session, cancellationToken));
    }

    /// <summary>Takes a session back. The task ends when a visitor's, which nobody else can have, is closed.</summary>
    internal Task Return(PooledSession session)
    {
        _sessions.Return(session);
        return session is { IsVisitors: true, State: PooledSessionState.Closing } ? session.Gone : Task.CompletedTask;
    }

    /// <summary>Closes all sessions of a user.</summary>
    internal Task CloseAsync(ClaimsPrincipal principal)
    {
        // A client whose settings were never valid has no sessions, and must not keep others' from being closed.
        if (!_wasUsed)
        {
            return Task.CompletedTask;
        }

        HashSet<UserKey> keys = _client.KeysOf(principal);
        return _sessions.CloseAll(session => session.Key is { } key && keys.Contains(key), CloseReason.User);
    }

    /// <summary>Closes all sessions, and opens none any more.</summary>
    /// <param name="cancellationToken">Gives up what backends have not answered.</param>
    internal Task ShutDownAsync(CancellationToken cancellationToken)
    {
        Task closing = _sessions.ShutDown();
        return closing.IsCompleted ? Task.CompletedTask : _client.WaitAndGiveUpAsync(closing, cancellationToken);
    }

    private async Task<McpClientLease> WaitAndRentAsync(SessionUser user, PooledSession session, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await HasOpenedAsync(session, cancellationToken).ConfigureAwait(false)
                && await IsKnownAsync(session, cancellationToken).ConfigureAwait(false))
            {
                return new McpClientLease(this, session);
            }

            session = _sessions.Take(user);
        }
    }

    /// <summary>Waits for a session that was taken. Where it is not to be used after all, gives it back.</summary>
    private async Task<bool> HasOpenedAsync(PooledSession session, CancellationToken cancellationToken)
    {
        bool isUsed = false;
        try
        {
            await session.Opened.WaitAsync(cancellationToken).ConfigureAwait(false);

            ThrowIfClosed(session);
            isUsed = session.RetiredFor is null or CloseReason.Ended;
            return isUsed;
        }
        finally
        {
            if (!isUsed)
            {
                _sessions.Return(session);
            }
        }
    }

    /// <summary>Makes sure that the backend knows a session of which it seems not to. Where that fails, gives it back.</summary>
    private async Task<bool> IsKnownAsync(PooledSession session, CancellationToken cancellationToken)
    {
        if (!session.Session.IsDoubtful)
        {
            return true;
        }

        bool isAlive = await _client.IsAliveAsync(session, cancellationToken).ConfigureAwait(false);
        if (isAlive && session.RetiredFor is null)
        {
            return true;
        }

        if (cancellationToken.IsCancellationRequested)
        {
            // Nothing was found out. Whoever rents next asks again.
            session.Session.IsDoubtful = true;
        }
        else if (!isAlive)
        {
            _sessions.SetEnded(session);
        }

        _sessions.Return(session);
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfClosed(session);
        return false;
    }

    /// <summary>Whoever rents while the user signs out, or the host stops, must not get another session after it.</summary>
    private void ThrowIfClosed(PooledSession session)
    {
        ObjectDisposedException.ThrowIf(session.RetiredFor == CloseReason.Shutdown, typeof(IMcpClientPool));
        if (session.RetiredFor == CloseReason.User)
        {
            throw new InvalidOperationException(
                $"MCP client '{_client.Name}': no session was rented: the user's sessions were closed meanwhile.");
        }
    }

    private async Task OpenAsync(PooledSession session)
    {
        try
        {
            if (!await IsNeededAsync(session).ConfigureAwait(false))
            {
                _sessions.Forget(session);
                SetGone(session);
                return;
            }

            await _client.OpenAsync(session).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Forgotten first: whoever rents from here on tries again.
            _sessions.Forget(session);
            session.SetFailed(exception);
            SetGone(session);
            return;
        }

        _sessions.SetConnected(session);
        session.SetOpened();

        await ((Task)session.Session.Client.Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _sessions.SetEnded(session);
    }

    private async Task<bool> IsNeededAsync(PooledSession session)
    {
        if (session.WaitsFor is not { } another)
        {
            return true;
        }

        await Task.WhenAny(another, session.Opened).ConfigureAwait(false);
        session.WaitsFor = null;
        return _sessions.Start(session);
    }

    private async Task CloseAsync(PooledSession session)
    {
        try
        {
            await _client.CloseAsync(session).ConfigureAwait(false);
        }
        finally
        {
            _sessions.Forget(session);
            SetGone(session);
        }
    }

    private static void SetGone(PooledSession session)
    {
        session.Dispose();
        session.SetGone();
    }
}
