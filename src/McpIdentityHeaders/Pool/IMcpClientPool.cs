using System.Security.Claims;
using Microsoft.Extensions.AI;

namespace McpIdentityHeaders;

/// <summary>
/// Keeps one MCP session a user for each backend that <c>AddMcpClient</c> registered, and one shared client for a stateless one.
/// </summary>
/// <remarks>
/// <para>
/// The pool closes sessions when idle (<see cref="McpClientPoolOptions.IdleTimeout"/>), when it needs room
/// (<see cref="McpClientPoolOptions.MaxSessions"/>), by <see cref="CloseAsync"/>, when the settings they were opened with change, and when
/// the host stops or the container is disposed. One that the backend ended is replaced at the next rent.
/// </para>
/// <para>
/// A session is opened in a flow of its own: of the first renter's ambient state, only the user goes with it.
/// </para>
/// </remarks>
public interface IMcpClientPool
{
#pragma warning disable RS0026 // The second argument's type tells the two overloads apart.
    /// <summary>Rents the current user's session with a backend, and opens it where there is none.</summary>
    /// <param name="name">The name given to <c>AddMcpClient</c>, or <see cref="McpClientDefaults.Name"/>.</param>
    /// <param name="cancellationToken">Ends the wait for a session that is being opened; other waiters go on.</param>
    /// <returns>A lease, to be disposed after the calls.</returns>
    /// <remarks>
    /// Issuer (the <c>iss</c> claim, else the subject's <see cref="Claim.Issuer"/>), the subject's <see cref="Claim.Issuer"/> and subject
    /// identify a user. Concurrent rents for one user share the session; its own requests carry the newest principal that rented it, by
    /// <c>iat</c> where both have one, else the last. Where the user is anonymous or unknown, the session belongs to the lease and is
    /// closed with it.
    /// </remarks>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">No client of that name is registered, or it has no endpoint.</exception>
    /// <exception cref="ObjectDisposedException">The host has stopped, or the container is disposed.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The client's settings are not valid.</exception>
    /// <exception cref="ClaimInjectionException">
    /// The user's identity headers cannot be set safely; the signed-in user has no subject, or the principal has several users;
    /// <see cref="McpClientPoolOptions.MaxSessions"/> or <see cref="McpClientPoolOptions.MaxAnonymousSessions"/> are rented; too many rents
    /// wait for sessions to open; one OAuth token cache would serve several users; or the user's sessions were closed while this one was
    /// being opened. <see cref="ClaimInjectionException.Reason"/> tells them apart.
    /// </exception>
    /// <exception cref="HttpRequestException">The backend cannot be reached, or refuses the connection.</exception>
    /// <exception cref="ModelContextProtocol.McpException">The backend does not speak a protocol that the client accepts.</exception>
    /// <exception cref="TimeoutException">The backend does not respond in time.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    ValueTask<McpClientLease> RentAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Rents a given user's session with a backend, whatever user is current.</summary>
    /// <param name="name">The name given to <c>AddMcpClient</c>, or <see cref="McpClientDefaults.Name"/>.</param>
    /// <param name="user">The user; <see langword="null"/> for an anonymous one.</param>
    /// <param name="cancellationToken">Ends the wait for a session that is being opened; other waiters go on.</param>
    /// <returns>A lease, to be disposed after the calls. Call on it where the user is unknown, or within a scope of that user.</returns>
    /// <inheritdoc cref="RentAsync(string, CancellationToken)" path="/exception"/>
    ValueTask<McpClientLease> RentAsync(string name, ClaimsPrincipal? user, CancellationToken cancellationToken = default);
#pragma warning restore RS0026

    /// <summary>Lists a backend's tools for the current user, as functions that an agent can call for any user.</summary>
    /// <param name="name">The name given to <c>AddMcpClient</c>, or <see cref="McpClientDefaults.Name"/>.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>
    /// The tools. Each call of one rents, calls and gives the lease back: it goes out as the user who is current then, so that one agent
    /// may serve many users.
    /// </returns>
    /// <remarks>
    /// A signed-in user's list is kept for as long as the backend allows by <c>ttlMs</c> (SEP-2549), while the claims and the settings stay
    /// the same, and is never given to another user. What a backend shows to one user only is best not kept in an agent that serves others.
    /// Tools with an invalid <c>x-mcp-header</c> are left out, as the SDK's own lists leave them out.
    /// </remarks>
    /// <inheritdoc cref="RentAsync(string, CancellationToken)" path="/exception"/>
    ValueTask<IReadOnlyList<AIFunction>> ListAIToolsAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>
    /// Closes all sessions of a user in this process, with all backends, rented or idle: after sign-out, or when access is revoked.
    /// </summary>
    /// <param name="user">The user, with the issuer and the subject of the rents.</param>
    /// <param name="cancellationToken">Ends the wait; the closing goes on.</param>
    /// <returns>
    /// A task that completes when the sessions are closed: each within <see cref="McpClientPoolOptions.CloseTimeout"/>, or within twice
    /// that where it was just being opened.
    /// </returns>
    /// <remarks>
    /// Calls in flight fail, and so do rents in progress. A later rent opens a new session. A shared client has no user, and stays.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="user"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="user"/> is anonymous, or has no subject: it identifies no session.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task CloseAsync(ClaimsPrincipal user, CancellationToken cancellationToken = default);
}
