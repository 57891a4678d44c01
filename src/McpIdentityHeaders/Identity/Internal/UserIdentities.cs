using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The one user of a principal: the identity with the subject, and after it those with claims that may be added to it. Identities that are
/// not authenticated, or that are another subject's, are never in it.
/// </summary>
internal readonly struct UserIdentities(IdentityClaims user, List<IdentityClaims>? contributors) : IDisposable
{
    internal int Count => 1 + (contributors?.Count ?? 0);

    internal IdentityClaims this[int index] => index == 0 ? user : contributors![index - 1];

    /// <summary>Gives the claims back. They must not be read any more.</summary>
    public void Dispose()
    {
        user.Return();
        contributors?.ForEach(static contributor => contributor.Return());
    }

    /// <summary>Gets the claim types that these identities have.</summary>
    internal IReadOnlyCollection<string> GetClaimTypes()
    {
        HashSet<string> types = [];
        for (int index = 0; index < Count; index++)
        {
            foreach (Claim claim in this[index].Claims)
            {
                types.Add(claim.Type);
            }
        }

        return types;
    }

    /// <summary>Makes a principal of these identities alone.</summary>
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
