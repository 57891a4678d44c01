using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>One identity of a principal with its claims, which other threads may change meanwhile.</summary>
internal sealed class IdentityClaims
{
    private readonly List<Claim> _claims;

    // An enumerator knows the version of its list, and moves no further once that has changed.
    private readonly List<Claim>.Enumerator _version;

    private IdentityClaims(ClaimsIdentity identity, List<Claim> claims)
    {
        Identity = identity;
        _claims = claims;
        _version = claims.GetEnumerator();
    }

    internal ClaimsIdentity Identity { get; }

    /// <summary>Gets the claims. A list that is changed meanwhile may show null.</summary>
    internal ReadOnlySpan<Claim?> Claims => CollectionsMarshal.AsSpan(_claims!);

    /// <summary>Gets whether the claims are still those of the beginning, so that what was read of them is of one moment.</summary>
    internal bool IsUnchanged
    {
        get
        {
            List<Claim>.Enumerator version = _version;
            try
            {
                version.MoveNext();
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }
    }

    /// <returns>Null where the claims change while they are listed.</returns>
    internal static IdentityClaims? Read(ClaimsIdentity identity)
    {
        IEnumerable<Claim> claims = identity.Claims;

        // A list is read without a copy; a class derived from it may enumerate something else.
        if (claims.GetType() == typeof(List<Claim>))
        {
            return new IdentityClaims(identity, (List<Claim>)claims);
        }

        try
        {
            // Neither ToList nor LINQ: both may take what a collection holds and not what it enumerates.
            List<Claim> copy = [];
            foreach (Claim claim in claims)
            {
                copy.Add(claim);
            }

            return new IdentityClaims(identity, copy);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    internal static bool Matches([NotNullWhen(true)] Claim? claim, string claimType) =>
        claim is not null && claim.Type == claimType && !string.IsNullOrWhiteSpace(claim.Value);

    /// <summary>Finds the first claim of a type with a value that is not blank.</summary>
    internal Claim? FindFirst(string claimType)
    {
        foreach (Claim? claim in Claims)
        {
            if (Matches(claim, claimType))
            {
                return claim;
            }
        }

        return null;
    }
}
