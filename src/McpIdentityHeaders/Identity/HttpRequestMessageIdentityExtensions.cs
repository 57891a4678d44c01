using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>Sets the user of one request.</summary>
public static class HttpRequestMessageIdentityExtensions
{
    /// <summary>
    /// Makes <paramref name="user"/> the user of this one request, whatever is ambient, and whichever user the MCP session belongs to.
    /// </summary>
    /// <param name="request">The request, before it is sent.</param>
    /// <param name="user">The user; <see langword="null"/> makes the request anonymous.</param>
    /// <remarks>
    /// It is kept in <see cref="HttpRequestMessage.Options"/>, so resilience handlers that copy the request for a retry or a hedged attempt
    /// carry it along, and so do redirects. All handlers of this library honour it before anything else.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is <see langword="null"/>.</exception>
    public static void SetUser(this HttpRequestMessage request, ClaimsPrincipal? user)
    {
        ArgumentNullException.ThrowIfNull(request);

        RequestIdentity.SetUser(request, user ?? new ClaimsPrincipal());
    }

    /// <summary>
    /// Gets the user that <see cref="SetUser"/> set on this request: for a handler in front that needs to know it, or to leave it.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="user">The user; a principal without identities where it was set to <see langword="null"/>.</param>
    /// <returns>Whether a user was set.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is <see langword="null"/>.</exception>
    public static bool TryGetUser(this HttpRequestMessage request, [NotNullWhen(true)] out ClaimsPrincipal? user)
    {
        ArgumentNullException.ThrowIfNull(request);

        user = RequestIdentity.Get(request)?.User;
        return user is not null;
    }
}
