using ModelContextProtocol.Protocol;

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

    /// <summary>Calls one tool for the current user: rents the session, calls, and returns the session.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="name">The name given to <c>AddMcpClient</c>, or <see cref="McpClientDefaults.Name"/>.</param>
    /// <param name="toolName">The tool.</param>
    /// <param name="arguments">The tool's arguments; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">Cancels the wait for a session, or the call.</param>
    /// <returns>The tool's result.</returns>
    /// <remarks>
    /// Several calls in a row are best made on one lease of <see cref="IMcpClientPool.RentAsync(string, CancellationToken)"/>.
    /// </remarks>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="pool"/> or <paramref name="toolName"/> is <see langword="null"/>.
    /// </exception>
    /// <inheritdoc cref="IMcpClientPool.RentAsync(string, CancellationToken)" path="/exception"/>
    public static Task<CallToolResult> CallToolAsync(
        this IMcpClientPool pool, string name, string toolName, IReadOnlyDictionary<string, object?>? arguments = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(toolName);

        return CallToolCoreAsync(pool, name, toolName, arguments, cancellationToken);
    }

    private static async Task<CallToolResult> CallToolCoreAsync(
        IMcpClientPool pool,
        string name,
        string toolName,
        IReadOnlyDictionary<string, object?>? arguments,
        CancellationToken cancellationToken)
    {
        McpClientLease lease = await pool.RentAsync(name, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            return await lease.Client.CallToolAsync(toolName, arguments, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }
}
