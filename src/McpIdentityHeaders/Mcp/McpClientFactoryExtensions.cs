using ModelContextProtocol.Client;

namespace McpIdentityHeaders;

/// <summary>Shorter forms of <see cref="IMcpClientFactory"/>.</summary>
public static class McpClientFactoryExtensions
{
    /// <summary>Opens a session of the client named <see cref="McpClientDefaults.Name"/>.</summary>
    /// <param name="factory">The factory.</param>
    /// <param name="cancellationToken">Cancels the connecting.</param>
    /// <returns>The connected client, to be disposed by the caller.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="factory"/> is <see langword="null"/>.</exception>
    /// <inheritdoc cref="IMcpClientFactory.CreateClientAsync(string, CancellationToken)" path="/exception"/>
    public static Task<McpClient> CreateClientAsync(this IMcpClientFactory factory, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);

        return factory.CreateClientAsync(McpClientDefaults.Name, cancellationToken);
    }
}
