using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Compares what principals say of their user and leaves out what each token has of its own: one sign-in is one principal, whether a request
/// read its token anew or the token was refreshed.
/// </summary>
internal sealed class PrincipalComparer : IEqualityComparer<ClaimsPrincipal>
{
    // Times and ids of a token: RFC 7519, sections 4.1.4 to 4.1.7, and OpenID Connect Core, sections 2 and 3.1.3.6.
    private static readonly HashSet<string> OfTheToken = new(StringComparer.Ordinal) { "exp", "nbf", "iat", "jti", "auth_time", "nonce", "at_hash" };

    internal static PrincipalComparer Instance { get; } = new();

    public bool Equals(ClaimsPrincipal? x, ClaimsPrincipal? y) => ReferenceEquals(x, y)
        || (x is not null && y is not null && Read(x) is { } one && Read(y) is { } other && one.SequenceEqual(other));

    // One for all: few are compared, and a principal is mutable.
    public int GetHashCode([DisallowNull] ClaimsPrincipal obj) => 0;

    /// <returns>Null where the principal changes meanwhile: it is then none but itself.</returns>
    private static List<(string? Type, string? Value, string? Issuer)>? Read(ClaimsPrincipal principal)
    {
        List<(string? Type, string? Value, string? Issuer)> read = [];
        try
        {
            foreach (ClaimsIdentity? identity in principal.Identities)
            {
                if (!TryRead(identity, read))
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

    /// <summary>Reads an identity, and those that act for it.</summary>
    private static bool TryRead(ClaimsIdentity? identity, List<(string? Type, string? Value, string? Issuer)> read)
    {
        if (identity is null)
        {
            return true;
        }

        read.Add((null, identity.AuthenticationType, null));
        if (IdentityClaims.Read(identity) is not { } claims)
        {
            return false;
        }

        foreach (Claim? claim in claims.Claims)
        {
            if (claim is not null && !OfTheToken.Contains(claim.Type))
            {
                read.Add((claim.Type, claim.Value, claim.Issuer));
            }
        }

        return claims.IsUnchanged && TryRead(identity.Actor, read);
    }
}
