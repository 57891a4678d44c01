using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Whose a pooled session is. No request of anyone else's goes out on it.</summary>
/// <param name="clientName">The MCP client's name.</param>
/// <param name="claims">The client's claim injection, if it has any.</param>
/// <param name="key">The user; null where it is a visitor's, which no signed-in user may use.</param>
internal sealed class SessionOwner(string clientName, ClaimInjectionClient? claims, UserKey? key)
{
    private const string RentYourOwn = "Rent a session for the user of the moment with IMcpClientPool.RentAsync, and use its lease for no other";

    /// <summary>Refuses a request of anyone but the owner. Where the user is not known, the request goes out as the owner's.</summary>
    /// <exception cref="ClaimInjectionException">It is someone else's. Nothing has been sent.</exception>
    internal void Check(ClaimsPrincipal? user)
    {
        if (user is not null && ReasonAgainst(user) is { } reason)
        {
            throw claims?.Reject(reason) ?? new ClaimInjectionException($"MCP client '{clientName}': the request was not sent: {reason}.");
        }
    }

    // Told anew for each request: a principal that was the owner's may have been given another identity since.
    private string? ReasonAgainst(ClaimsPrincipal user)
    {
        if (!SessionUser.TryRead(user, claims?.Plan.SelectIdentity, out SessionUser current, out string? refusal))
        {
            return refusal;
        }

        if (current.Key == key)
        {
            return null;
        }

        return (key, current.Key) switch
        {
            (null, _) => $"a signed-in user called on a visitor's session. {RentYourOwn}",
            (_, null) => $"nobody is signed in where a signed-in user's session was called on. {RentYourOwn}",
            _ => $"a user called on another user's session. {RentYourOwn}",
        };
    }
}
