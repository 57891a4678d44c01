using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The user of one moment, as the pool knows users.</summary>
/// <param name="Principal">The principal; null where the user is not known.</param>
/// <param name="Key">Whose sessions it shares; null for a visitor: nobody, or not known.</param>
/// <param name="IssuedAt">When its token was issued, in seconds since 1970 (RFC 7519, section 4.1.6), where it says so.</param>
internal readonly record struct PoolUser(ClaimsPrincipal? Principal, UserKey? Key, double? IssuedAt)
{
    private const string IssuedAtClaim = "iat";

    /// <summary>Names no value: it may end up in a message.</summary>
    public override string ToString() => nameof(PoolUser);

    /// <param name="principal">Who it is; null where that is not known.</param>
    /// <param name="select">Chooses among several subjects.</param>
    /// <param name="user">The user.</param>
    /// <param name="refusal">Why somebody who is signed in cannot be told from others.</param>
    internal static bool TryRead(
        ClaimsPrincipal? principal,
        Func<ClaimsPrincipal, ClaimsIdentity?>? select,
        out PoolUser user,
        [NotNullWhen(false)] out string? refusal)
    {
        refusal = null;
        user = new PoolUser(principal, Key: null, IssuedAt: null);
        if (principal is null || UserIdentities.IsAnonymous(principal))
        {
            return true;
        }

        if (UserIdentities.Select(principal, select, out refusal) is not { } identities)
        {
            refusal ??= "its user cannot be told";
            return false;
        }

        if (UserKey.Of(identities[0]) is not { } key)
        {
            refusal = "the signed-in user has no subject: no 'sub' claim and no ClaimTypes.NameIdentifier. Have the sign-in keep one of them";
            return false;
        }

        user = new PoolUser(principal, key, IssuedAtOf(identities[0]));
        return true;
    }

    private static double? IssuedAtOf(ClaimsIdentity identity) =>
        UserIdentities.FindFirst(identity, IssuedAtClaim) is { } claim
        && double.TryParse(claim.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
        && double.IsFinite(seconds)
            ? seconds
            : null;
}
