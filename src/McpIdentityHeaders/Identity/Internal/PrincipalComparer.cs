using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Compares what principals say of their user and leaves out what each token has of its own: one sign-in is one principal, whether a
/// request read its token anew or the token was refreshed.
/// </summary>
internal sealed class PrincipalComparer : IEqualityComparer<ClaimsPrincipal>
{
    // Times and ids of a token: RFC 7519, sections 4.1.4 to 4.1.7, and OpenID Connect Core, sections 2 and 3.1.3.6.
    private static readonly HashSet<string> OfTheToken =
        new(StringComparer.Ordinal) { "exp", "nbf", "iat", "jti", "auth_time", "nonce", "at_hash" };

    internal static PrincipalComparer Instance { get; } = new();

    public bool Equals(ClaimsPrincipal? x, ClaimsPrincipal? y) => ReferenceEquals(x, y)
        || (x is not null && y is not null
            && Read(x, OfTheToken) is { } one && Read(y, OfTheToken) is { } other && one.SequenceEqual(other));

    // One for all: few are compared, and a principal is mutable.
    public int GetHashCode([DisallowNull] ClaimsPrincipal obj) => 0;

    /// <summary>Reads what a principal says of its user, and of those that act for it.</summary>
    /// <param name="principal">The principal.</param>
    /// <param name="leftOut">The types of the claims that are left out.</param>
    /// <returns>Null where the principal changes meanwhile: it is then none but itself.</returns>
    internal static IReadOnlyList<(string? Type, string? Value, string? Issuer)>? Read(
        ClaimsPrincipal principal, IReadOnlySet<string> leftOut)
    {
        List<(string? Type, string? Value, string? Issuer)> read = [];
        try
        {
            foreach (ClaimsIdentity? identity in principal.Identities)
            {
                if (!TryRead(identity, isActor: false, leftOut, read))
                {
                    return null;
                }
            }
        }
        catch (InvalidOperationException)
        {
            return null;
        }

        return read;
    }

    private static bool TryRead(
        ClaimsIdentity? identity, bool isActor, IReadOnlySet<string> leftOut, List<(string? Type, string? Value, string? Issuer)> read)
    {
        if (identity is null)
        {
            return true;
        }

        // No claim has a null type: it begins an identity.
        read.Add((null, identity.AuthenticationType, $"{isActor}, {identity.IsAuthenticated}"));
        if (IdentityClaims.Read(identity) is not { } claims)
        {
            return false;
        }

        foreach (Claim? claim in claims.Claims)
        {
            if (claim is not null && !leftOut.Contains(claim.Type))
            {
                read.Add((claim.Type, claim.Value, claim.Issuer));
            }
        }

        return claims.IsUnchanged && TryRead(identity.Actor, isActor: true, leftOut, read);
    }
}
