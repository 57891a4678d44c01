using ModelContextProtocol.Client;

namespace McpIdentityHeaders;

/// <summary>Opens MCP sessions with the backends that <c>AddMcpClient</c> registered.</summary>
public interface IMcpClientFactory
{
    /// <summary>Opens a new MCP session, which the caller owns and disposes.</summary>
    /// <param name="name">The name given to <c>AddMcpClient</c>, or <see cref="McpClientDefaults.Name"/>.</param>
    /// <param name="cancellationToken">Ends the attempt to connect.</param>
    /// <returns>The connected client.</returns>
    /// <remarks>
    /// The current user becomes the session's user. The session's own requests carry it for the session's lifetime: connecting, the
    /// standalone GET stream and its reconnects, responses to the server's own requests (protocol 2025-11-25 and before), DELETE. A call
    /// through the client carries the caller's live user, and the session's user where that is unknown. A backend that binds sessions to
    /// users refuses a call under another user, so open one session for each.
    /// </remarks>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">No client of that name is registered, or it has no endpoint.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The client's settings are not valid.</exception>
    /// <exception cref="ClaimInjectionException">The user's identity headers cannot be set safely.</exception>
    /// <exception cref="HttpRequestException">The backend cannot be reached, or refuses the connection.</exception>
    /// <exception cref="ModelContextProtocol.McpException">The backend does not speak a protocol that the client accepts.</exception>
    /// <exception cref="TimeoutException">The backend does not respond in time.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<McpClient> CreateClientAsync(string name, CancellationToken cancellationToken = default);
}
