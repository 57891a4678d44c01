using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Rents, opens and closes the sessions of one client.</summary>
internal sealed class SessionPool : IDisposable
{
    private readonly SessionPoolClient _client;
    private readonly SessionTable _sessions;
    private readonly CancellationTokenSource _givenUp = new();
    private readonly CancellationToken _givenUpToken;

    internal SessionPool(SessionPoolClient client)
    {
        _client = client;
        _givenUpToken = _givenUp.Token;
        _sessions = new SessionTable(
            client,
            open: session => OwnFlow.Run(() => OpenAsync(session)),
            close: session => OwnFlow.Run(() => CloseAsync(session)));
        client.PoolOptionsChanged = _sessions.CloseExpired;
    }

    public void Dispose()
    {
        _client.Dispose();
        _sessions.Dispose();
        _givenUp.Dispose();
    }

    internal ValueTask<McpClientLease> RentAsync(ClaimsPrincipal? principal, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        PoolUser user = _client.UserOf(principal);
        PooledSession session = _sessions.Take(user, mayWait: true, out bool isAnothers);
        return !isAnothers && session.Opened.IsCompletedSuccessfully
            ? new ValueTask<McpClientLease>(new McpClientLease(this, session))
            : new ValueTask<McpClientLease>(WaitAndRentAsync(user, session, isAnothers, cancellationToken));
    }

    /// <summary>Takes a session back. The task ends when a visitor's, which nobody else can have, is closed.</summary>
    internal Task Return(PooledSession session)
    {
        _sessions.Return(session);
        return session.RetiredFor == CloseReason.Returned ? session.Gone : Task.CompletedTask;
    }

    /// <summary>Closes all sessions of a user; null where the client cannot tell who it is, and thus has none.</summary>
    internal Task? Close(ClaimsPrincipal principal, out string? refusal) =>
        _client.TryReadUser(principal, out PoolUser user, out refusal) && user.Key is { } key
            ? _sessions.CloseAll(session => session.Key == key, CloseReason.User)
            : null;

    /// <summary>Closes all sessions, and opens none any more.</summary>
    /// <param name="cancellationToken">Gives up what backends have not answered.</param>
    internal async Task ShutDownAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_client.PoolOptions.CloseTimeout, _client.Time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);

        await _sessions.ShutDown().WaitAsync(bound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _givenUp.CancelAsync().ConfigureAwait(false);
    }

    private async Task<McpClientLease> WaitAndRentAsync(
        PoolUser user, PooledSession session, bool isAnothers, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (isAnothers)
            {
                await session.Opened.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
            else if (await HasOpenedAsync(session, cancellationToken).ConfigureAwait(false))
            {
                return new McpClientLease(this, session);
            }

            // To wait for another user once is enough: what that user found out may be true for that user only, as that the backend refuses.
            session = _sessions.Take(user, mayWait: false, out isAnothers);
        }
    }

    /// <summary>Waits for a session that was taken. Where it is not to be used after all, gives it back.</summary>
    private async Task<bool> HasOpenedAsync(PooledSession session, CancellationToken cancellationToken)
    {
        bool isUsed = false;
        try
        {
            await session.Opened.WaitAsync(cancellationToken).ConfigureAwait(false);

            isUsed = session.RetiredFor switch
            {
                null or CloseReason.Ended => true,
                CloseReason.User => throw new InvalidOperationException(
                    $"MCP client '{_client.Name}': no session was rented: the user's sessions were closed while this one was being opened."),
                CloseReason.Shutdown => throw new ObjectDisposedException(nameof(IMcpClientPool)),
                _ => false,
            };
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

    private async Task OpenAsync(PooledSession session)
    {
        try
        {
            await _client.OpenAsync(session).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            if (_sessions.Forget(session))
            {
                session.SetOpened();
            }
            else
            {
                session.SetFailed(exception);
            }

            SetGone(session);
            return;
        }

        _sessions.SetConnected(session);
        session.SetOpened();

        await ((Task)session.Session.Client.Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_sessions.SetEnded(session))
        {
            _client.Ended();
        }
    }

    private async Task CloseAsync(PooledSession session)
    {
        await _client.CloseAsync(session, _givenUpToken).ConfigureAwait(false);
        _sessions.Forget(session);
        SetGone(session);
    }

    private static void SetGone(PooledSession session)
    {
        session.Dispose();
        session.SetGone();
    }
}
