using System.Security.Claims;

namespace McpIdentityHeaders;

/// <summary>Keeps one MCP session for each user and backend that <c>AddMcpClient</c> registered, and one client for all where the backend is stateless.</summary>
/// <remarks>
/// <para>
/// Sessions are closed when idle (<see cref="McpClientPoolOptions.IdleTimeout"/>), when room is needed
/// (<see cref="McpClientPoolOptions.MaxSessions"/>), by <see cref="CloseAsync"/>, when the settings they were opened with change, and when the
/// host stops or the container is disposed. One that the backend ended is replaced at the next rent.
/// </para>
/// <para>
/// A session is opened in a flow of its own: of what is ambient with whoever rents first, only the user goes with it.
/// </para>
/// </remarks>
public interface IMcpClientPool
{
    /// <summary>Rents the current user's session with a backend; opens it if there is none.</summary>
    /// <param name="name">The name given to <c>AddMcpClient</c>, or <see cref="McpClientDefaults.Name"/>.</param>
    /// <param name="cancellationToken">Ends the wait for a session that is being opened; others who wait for it go on.</param>
    /// <returns>A lease, to be disposed when the calls are made.</returns>
    /// <remarks>
    /// A user is known by issuer (the <c>iss</c> claim, else the subject's <see cref="Claim.Issuer"/>) and subject; all who rent for one
    /// user at a time share the session, whose own requests carry the newest principal that rented it, by <c>iat</c> where both have one (a tie leaves the first).
    /// Where nobody is signed in, or the user is not known, the session is the lease's own and is closed with it.
    /// </remarks>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">
    /// No client of that name is registered, or it has no endpoint; the signed-in user has no subject, or the principal is of several;
    /// <see cref="McpClientPoolOptions.MaxSessions"/> are rented; one OAuth token cache would serve several users; or the user's sessions were
    /// closed while this one was being opened.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped, or the container is disposed.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The client's settings are not valid.</exception>
    /// <exception cref="ClaimInjectionException">The user's identity headers cannot be set safely.</exception>
    /// <exception cref="HttpRequestException">The backend cannot be reached, or refuses.</exception>
    /// <exception cref="ModelContextProtocol.McpException">The backend does not speak a protocol that the client accepts.</exception>
    /// <exception cref="TimeoutException">The backend does not answer in time.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    ValueTask<McpClientLease> RentAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Closes all sessions of a user in this process, with all backends, rented or not: after sign-out, or when access is revoked.</summary>
    /// <param name="user">The user, with the issuer and the subject that the sessions were rented under.</param>
    /// <param name="cancellationToken">Ends the wait for the closing, which goes on.</param>
    /// <returns>
    /// A task that ends when the sessions are closed: each within <see cref="McpClientPoolOptions.CloseTimeout"/>, or within twice that where it
    /// was just being opened.
    /// </returns>
    /// <remarks>
    /// Calls under way fail, and so does renting that has not ended. Renting after it opens a new session. A client that serves everybody has
    /// no user, and stays.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="user"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="user"/> is nobody, or has no subject: no session can be found by it.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task CloseAsync(ClaimsPrincipal user, CancellationToken cancellationToken = default);
}
