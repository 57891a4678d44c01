namespace McpIdentityHeaders.Internal;

/// <summary>Turns a session that a rent cannot use at once into a lease: when it has opened and is known to be alive.</summary>
/// <remarks>No lock is held: waiting takes as long as the backend does.</remarks>
internal sealed class RentWaiter(SessionPool pool, SessionConnector connector)
{
    /// <summary>Waits for the session, and for others where it cannot serve the user after all.</summary>
    internal async Task<McpClientLease> WaitAndRentAsync(SessionUser user, PooledSession session, CancellationToken cancellationToken)
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

                    // Ask once only: a backend may refuse that question alone, each time.
                    isLeased = session.RetiredFor is null or CloseReason.Ended
                        && (wasApart || !session.Session.IsSuspectFor(user.Key)
                            || await IsAliveAsync(session, user, cancellationToken).ConfigureAwait(false));
                    if (isLeased)
                    {
                        return pool.CreateLease(user, session);
                    }

                    // What the backend refuses to one user, others may share: this one tries a session of its own.
                    apart = !wasApart && session is { RetiredFor: null, Session.HasOwner: false };
                    wasApart |= apart;
                }
                finally
                {
                    if (!isLeased)
                    {
                        _ = pool.Release(session);
                    }
                }

                session = pool.Acquire(user, isWaiting: true, apart, out _);
            }
        }
        finally
        {
            pool.EndWait(user);
        }
    }

    /// <summary>Asks the backend for a suspect session, and retires it where it has ended, unless others share it.</summary>
    private async Task<bool> IsAliveAsync(PooledSession session, SessionUser user, CancellationToken cancellationToken)
    {
        bool isAlive = await connector.IsAliveAsync(session, user.Key, cancellationToken).ConfigureAwait(false);
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
            pool.SetEnded(session);
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
            throw SessionError.NotRented(
                connector.Name, ClaimInjectionErrorReason.SessionsClosed, "the user's sessions were closed meanwhile");
        }
    }
}
