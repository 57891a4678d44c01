using McpIdentityHeaders.Internal;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders;

/// <summary>A lease of a pooled session. A leased session is never closed for being idle.</summary>
public sealed class McpClientLease : IAsyncDisposable
{
    private readonly McpClient _client;
    private readonly SessionPool _pool;
    private PooledSession? _session;

    internal McpClientLease(SessionPool pool, PooledSession session)
    {
        _pool = pool;
        _session = session;
        _client = session.Session.Client;
    }

    /// <summary>Gets the connected client, which other leases for the same user may share. The pool disposes it.</summary>
    /// <remarks>
    /// Use it for the user who rented it. A call under another or an anonymous user throws a <see cref="ClaimInjectionException"/> before
    /// anything is sent, and so does a signed-in user's call on an anonymous session. Where the user is unknown, the call carries the session's
    /// user. A stateless backend's client is shared: each call carries the caller's own user.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The lease is disposed.</exception>
    public McpClient Client
    {
        get
        {
            ObjectDisposedException.ThrowIf(_session is null, this);
            return _client;
        }
    }

    /// <summary>Returns the session to the pool. An anonymous session is closed, within <see cref="McpClientPoolOptions.CloseTimeout"/>.</summary>
    /// <returns>A task that completes when that is done. Disposing again does nothing.</returns>
    public ValueTask DisposeAsync() =>
        Interlocked.Exchange(ref _session, null) is { } session ? new ValueTask(_pool.Release(session)) : ValueTask.CompletedTask;
}
