using McpIdentityHeaders.Internal;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders;

/// <summary>A lease of a pooled session. A leased session is never closed for being idle.</summary>
public sealed class McpClientLease : IAsyncDisposable
{
    private readonly McpClient _client;
    private readonly LeaseClient? _leased;
    private readonly SessionPool? _pool;
    private readonly PooledSession? _session;
    private int _isDisposed;

    /// <summary>Makes a lease of any client: for a double of <see cref="IMcpClientPool"/> in tests.</summary>
    /// <param name="client">The client. Disposing the lease does not dispose it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="client"/> is <see langword="null"/>.</exception>
    public McpClientLease(McpClient client)
    {
        ArgumentNullException.ThrowIfNull(client);

        _client = client;
    }

    internal McpClientLease(SessionPool pool, PooledSession session, LeaseIdentity identity, IIdentityAccessor accessor)
    {
        _pool = pool;
        _session = session;
        _client = _leased = new LeaseClient(this, identity, accessor);
    }

    /// <summary>Gets the renter's view of the connected client, which other leases may share.</summary>
    /// <remarks>
    /// Its calls carry the renter where the user is unknown. A call under another or an anonymous user throws a
    /// <see cref="ClaimInjectionException"/> before anything is sent, and so does a signed-in user's call on an anonymous user's lease.
    /// Code that a call calls back (progress, notifications) runs in the flow of the call, as its caller. Disposing it ends this lease
    /// alone; tools that it has listed and handlers that were registered through it end with it.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The lease is disposed.</exception>
    public McpClient Client
    {
        get
        {
            ThrowIfDisposed();
            return _client;
        }
    }

    /// <summary>
    /// Returns the session to the pool. An anonymous session is closed, within <see cref="McpClientPoolOptions.CloseTimeout"/>.
    /// </summary>
    /// <returns>A task that completes when that is done. Disposing again does nothing.</returns>
    public ValueTask DisposeAsync() =>
        Interlocked.Exchange(ref _isDisposed, 1) == 0 && _leased is not null ? ReleaseAsync(_leased) : ValueTask.CompletedTask;

    /// <exception cref="ObjectDisposedException">The lease is disposed.</exception>
    internal void ThrowIfDisposed()
    {
        if (Volatile.Read(ref _isDisposed) != 0)
        {
            throw new ObjectDisposedException(
                nameof(McpClientLease),
                "The lease is disposed, and its client with it. Rent again for further calls, also of tools that were listed.");
        }
    }

    private async ValueTask ReleaseAsync(LeaseClient leased)
    {
        // Release first: a handler that does not end must not keep the session leased.
        Task releasing = _pool!.Release(_session!);
        await leased.EndViewAsync().ConfigureAwait(false);
        await releasing.ConfigureAwait(false);
    }
}
