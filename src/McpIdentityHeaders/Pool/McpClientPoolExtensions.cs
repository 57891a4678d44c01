namespace McpIdentityHeaders;

/// <summary>Shorter forms of <see cref="IMcpClientPool"/>.</summary>
public static class McpClientPoolExtensions
{
    /// <summary>Rents the current user's session of the client named <see cref="McpClientDefaults.Name"/>.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="cancellationToken">Ends the wait for a session that is being opened; other waiters go on.</param>
    /// <returns>A lease, to be disposed after the calls.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="pool"/> is <see langword="null"/>.</exception>
    /// <inheritdoc cref="IMcpClientPool.RentAsync(string, CancellationToken)" path="/exception"/>
    public static ValueTask<McpClientLease> RentAsync(this IMcpClientPool pool, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pool);

        return pool.RentAsync(McpClientDefaults.Name, cancellationToken);
    }
}
