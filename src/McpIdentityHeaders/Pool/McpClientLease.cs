using McpIdentityHeaders.Internal;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders;

/// <summary>A lease of a pooled session. A leased session is never closed for being idle.</summary>
public sealed class McpClientLease : IAsyncDisposable
{
    private readonly McpClient _client;
    private readonly LeasedClient? _leased;
    private volatile bool _isDisposed;

    /// <summary>Makes a lease of a client, for tests: a substitute of <see cref="IMcpClientPool"/> can return it.</summary>
    /// <param name="client">The client, which the lease does not dispose.</param>
    /// <exception cref="ArgumentNullException"><paramref name="client"/> is <see langword="null"/>.</exception>
    public McpClientLease(McpClient client)
    {
        ArgumentNullException.ThrowIfNull(client);

        _client = client;
    }

    internal McpClientLease(LeasedClient leased)
    {
        _client = leased;
        _leased = leased;
    }

    /// <summary>Gets the connected client, as the user who rented it sees it. Disposing it gives back this lease, and no more.</summary>
    /// <remarks>
    /// <para>
    /// A call where the user is unknown carries the renter, with the principal that rented. One under another user, or an anonymous one, throws
    /// a <see cref="ClaimInjectionException"/> before anything is sent, and so does a signed-in user's call where the renter was anonymous or
    /// unknown. That is so whether the backend has sessions or one client serves all users.
    /// </para>
    /// <para>
    /// Progress and notification handlers run as the user whose call registered them. They end with the lease. Once it is given back, calls
    /// throw an <see cref="ObjectDisposedException"/>.
    /// </para>
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The lease is disposed.</exception>
    public McpClient Client
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed || _leased is { IsGivenBack: true }, this);
            return _client;
        }
    }

    /// <summary>Returns the session to the pool. An anonymous session is closed, within <see cref="McpClientPoolOptions.CloseTimeout"/>.</summary>
    /// <returns>A task that completes when that is done. Disposing again does nothing.</returns>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return _leased?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
