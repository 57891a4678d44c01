using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The current user, as sessions are assigned to users.</summary>
/// <param name="Principal">The principal; null where the user is unknown.</param>
/// <param name="Key">The key of the user's sessions; null where the user is anonymous or unknown.</param>
/// <param name="IssuedAt">When the token was issued (RFC 7519, section 4.1.6), in seconds since 1970; null where no claim says so plainly.</param>
internal readonly record struct SessionUser(ClaimsPrincipal? Principal, UserKey? Key, long? IssuedAt)
{
    private const string IssuedAtClaim = "iat";

    // Issuers' clocks may be ahead by this much. What is further ahead, such as milliseconds, would stay the newest for ever.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>Contains no value: it may end up in a message.</summary>
    public override string ToString() => nameof(SessionUser);

    /// <param name="principal">The principal; null where the user is unknown.</param>
    /// <param name="select">Chooses among several subjects.</param>
    /// <param name="user">The user.</param>
    /// <param name="error">Why a signed-in user has no key.</param>
    internal static bool TryRead(
        ClaimsPrincipal? principal,
        Func<ClaimsPrincipal, ClaimsIdentity?>? select,
        out SessionUser user,
        [NotNullWhen(false)] out string? error)
    {
        error = null;
        user = new SessionUser(principal, Key: null, IssuedAt: null);
        if (principal is null || UserIdentities.IsAnonymous(principal))
        {
            return true;
        }

        if (UserIdentities.Select(principal, select, out error) is not { } identities)
        {
            error ??= "its user cannot be told";
            return false;
        }

        if (UserKey.Of(identities[0]) is not { } key)
        {
            error = "the signed-in user has no subject: no 'sub' claim and no ClaimTypes.NameIdentifier. Have the sign-in keep one of them";
            return false;
        }

        user = new SessionUser(principal, key, ReadIssuedAt(identities[0]));
        return true;
    }

    /// <summary>Gives the user without a time of issue that lies in the future.</summary>
    internal SessionUser IssuedBefore(DateTimeOffset now) =>
        IssuedAt > (now + ClockSkew).ToUnixTimeSeconds() ? this with { IssuedAt = null } : this;

    // Digits alone: parsing would accept other spellings too, such as trailing NULs.
    private static long? ReadIssuedAt(ClaimsIdentity identity) =>
        UserIdentities.FindFirst(identity, IssuedAtClaim)?.Value is { } text
        && text.All(char.IsAsciiDigit)
        && (text[0] != '0' || text.Length == 1)
        && long.TryParse(text, out long seconds)
            ? seconds
            : null;
}
