using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The one user of a pooled session. Another user's request must not be sent on it.</summary>
/// <param name="clientName">The MCP client's name.</param>
/// <param name="claims">The client's claim injection, if it has any.</param>
/// <param name="key">The user's key; null where the session is anonymous, which no signed-in user may use.</param>
/// <param name="keyClaimTypes">The claim types in the key, besides issuer and subject.</param>
internal sealed class SessionOwner(string clientName, ClaimInjectionState? claims, UserKey? key, IList<string> keyClaimTypes)
{
    private readonly UserKey? _key = key;

    private const string RentYourOwn =
        "Rent a session for the user of the moment with IMcpClientPool.RentAsync, and use its lease for no other";

    /// <summary>Refuses another user's request. Where the user is unknown, the request carries the owner.</summary>
    /// <exception cref="ClaimInjectionException">The user is not the owner. Nothing was sent.</exception>
    internal void Check(ClaimsPrincipal? user)
    {
        if (user is not null && GetError(user) is { } error)
        {
            throw SessionError.NotSent(clientName, claims, error.Reason, error.Message);
        }
    }

    internal bool IsSameUser(SessionOwner other) => _key is { } own && own == other._key;

    private UserSelector Users => ClaimInjectionState.UsersOf(claims);

    /// <summary>Reads the key of a user; null where it has none.</summary>
    internal UserKey? ReadKey(ClaimsPrincipal? user) =>
        SessionUser.TryRead(user, Users, keyClaimTypes, out SessionUser current, out _) ? current.Key : null;

    // Read for each request: a principal is mutable, and may have another identity by now.
    private SessionUserError? GetError(ClaimsPrincipal user)
    {
        if (!SessionUser.TryRead(user, Users, keyClaimTypes, out SessionUser current, out SessionUserError? error))
        {
            return error;
        }

        if (current.Key == _key)
        {
            return null;
        }

        return new SessionUserError(ClaimInjectionErrorReason.OtherUser, (_key, current.Key) switch
        {
            (null, _) => $"a signed-in user called on an anonymous session. {RentYourOwn}",
            (_, null) => $"an anonymous user called on a signed-in user's session. {RentYourOwn}",
            _ => $"a user called on another user's session. {RentYourOwn}",
        });
    }
}
