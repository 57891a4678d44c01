using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The one user of a principal: the identity with the subject, and after it those with claims that may be added to it. Identities that are
/// not authenticated, or that are another subject's, are never in it.
/// </summary>
internal readonly struct UserIdentities
{
    private readonly IdentityClaims _user;
    private readonly IdentityClaims[] _contributors;

    internal UserIdentities(IdentityClaims user, IdentityClaims[] contributors)
    {
        _user = user;
        _contributors = contributors;
    }

    internal int Count => 1 + _contributors.Length;

    /// <summary>Gets whether all that was read is of one moment. Asked when all is read.</summary>
    internal bool IsUnchanged =>
        _user.IsUnchanged && Array.TrueForAll(_contributors, static contributor => contributor.IsUnchanged);

    internal IdentityClaims this[int index] => index == 0 ? _user : _contributors[index - 1];

    internal IReadOnlyCollection<string> GetClaimTypes()
    {
        HashSet<string> types = [];
        for (int index = 0; index < Count; index++)
        {
            foreach (Claim? claim in this[index].Claims)
            {
                types.Add(claim?.Type ?? string.Empty);
            }
        }

        return types;
    }

    internal ClaimsPrincipal ToPrincipal()
    {
        var principal = new ClaimsPrincipal();
        for (int index = 0; index < Count; index++)
        {
            principal.AddIdentity(this[index].Identity);
        }

        return principal;
    }
}
