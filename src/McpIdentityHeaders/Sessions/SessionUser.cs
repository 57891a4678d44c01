using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The current user, as sessions are assigned to users.</summary>
/// <param name="Principal">The principal; null where the user is unknown.</param>
/// <param name="Key">The key of the user's sessions; null where the user is anonymous or unknown.</param>
/// <param name="IssuedAt">
/// When the token was issued (RFC 7519, section 4.1.6), in seconds since 1970; null where no claim says so plainly.
/// </param>
/// <param name="KeyClaimTypes">The claim types in the key, besides issuer and subject, when it was read: a reload may change them.</param>
internal readonly record struct SessionUser(ClaimsPrincipal? Principal, UserKey? Key, long? IssuedAt, IList<string> KeyClaimTypes)
{
    private const string IssuedAtClaim = "iat";

    // Issuers' clocks may be ahead by this much. What is further ahead, such as milliseconds, would stay the newest for ever.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>Contains no value: it may end up in a message.</summary>
    public override string ToString() => nameof(SessionUser);

    /// <param name="principal">The principal; null where the user is unknown.</param>
    /// <param name="users">Finds the one user of a principal.</param>
    /// <param name="keyClaimTypes">The claim types that tell a user's sessions apart, besides issuer and subject.</param>
    /// <param name="user">The user.</param>
    /// <param name="error">Why a signed-in user has no key.</param>
    internal static bool TryRead(
        ClaimsPrincipal? principal,
        UserSelector users,
        IList<string> keyClaimTypes,
        out SessionUser user,
        [NotNullWhen(false)] out SessionUserError? error)
    {
        error = null;
        user = new SessionUser(principal, Key: null, IssuedAt: null, keyClaimTypes);
        if (principal is null || UserSelector.IsAnonymous(principal))
        {
            return true;
        }

        if (!users.TrySelect(principal, out UserIdentities identities, out string? reason))
        {
            error = new SessionUserError(ClaimInjectionErrorReason.AmbiguousUser, reason);
            return false;
        }

        UserKey? key = UserKey.Of(identities, users, keyClaimTypes);
        user = new SessionUser(principal, key, ReadIssuedAt(identities[0]), keyClaimTypes);
        if (!identities.IsUnchanged)
        {
            error = new SessionUserError(ClaimInjectionErrorReason.AmbiguousUser, UserSelector.ChangedMeanwhile);
        }
        else if (key is null)
        {
            error = new SessionUserError(
                ClaimInjectionErrorReason.NoSubject,
                $"the signed-in user has no subject, which is looked for under {users.SubjectClaimTypes}. Have the sign-in keep one of "
                + "these claims, or set ClaimInjectionOptions.SubjectClaimTypes");
        }

        return error is null;
    }

    /// <summary>Gives the user without a time of issue that lies in the future.</summary>
    internal SessionUser IssuedBefore(DateTimeOffset now) =>
        IssuedAt > (now + ClockSkew).ToUnixTimeSeconds() ? this with { IssuedAt = null } : this;

    // Digits alone: parsing would accept other spellings too, such as trailing NULs.
    private static long? ReadIssuedAt(IdentityClaims identity) =>
        identity.FindFirst(IssuedAtClaim)?.Value is { } text
        && text.All(char.IsAsciiDigit)
        && (text[0] != '0' || text.Length == 1)
        && long.TryParse(text, out long seconds)
            ? seconds
            : null;
}
