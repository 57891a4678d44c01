using McpIdentityHeaders.Internal;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders;

/// <summary>A user's hold on a pooled session. While there is one, the session is not closed for being idle.</summary>
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

    /// <summary>Gets the connected client, which others who rent for the same user may be using too. It is the pool's to dispose.</summary>
    /// <remarks>
    /// Use it for the user who rented it. A call under another user, or where nobody is signed in, throws a
    /// <see cref="ClaimInjectionException"/> before anything is sent, and so does a signed-in user's on a visitor's. Where the user is not
    /// known, it goes out as the session's user. A client of a stateless backend serves everybody: each call is its own user's.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The lease has been given back.</exception>
    public McpClient Client
    {
        get
        {
            ObjectDisposedException.ThrowIf(_session is null, this);
            return _client;
        }
    }

    /// <summary>Gives the session back to the pool. A visitor's is closed, within <see cref="McpClientPoolOptions.CloseTimeout"/>.</summary>
    /// <returns>A task that ends when that is done. Disposing again does nothing.</returns>
    public ValueTask DisposeAsync() =>
        Interlocked.Exchange(ref _session, null) is { } session ? new ValueTask(_pool.Return(session)) : ValueTask.CompletedTask;
}
