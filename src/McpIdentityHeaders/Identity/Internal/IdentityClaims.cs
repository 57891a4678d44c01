using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>One identity of a principal with its claims, as they were at one moment.</summary>
internal readonly struct IdentityClaims
{
    private const int MaxAttempts = 3;

    private readonly Claim[] _claims;
    private readonly int _count;
    private readonly bool _isRented;

    private IdentityClaims(ClaimsIdentity identity, Claim[] claims, int count, bool isRented)
    {
        Identity = identity;
        _claims = claims;
        _count = count;
        _isRented = isRented;
    }

    internal ClaimsIdentity Identity { get; }

    internal ReadOnlySpan<Claim> Claims => _claims.AsSpan(0, _count);

    /// <summary>Reads the claims of an identity that other threads may change meanwhile. Return them when done.</summary>
    /// <returns>Null where the claims changed during each of a few attempts.</returns>
    internal static IdentityClaims? Read(ClaimsIdentity identity)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (TryRead(identity) is { } claims)
            {
                return claims;
            }
        }

        return null;
    }

    internal static bool Matches(Claim claim, string claimType) => claim.Type == claimType && !string.IsNullOrWhiteSpace(claim.Value);

    /// <summary>Finds the first claim of a type with a value that is not blank.</summary>
    internal Claim? FindFirst(string claimType)
    {
        foreach (Claim claim in Claims)
        {
            if (Matches(claim, claimType))
            {
                return claim;
            }
        }

        return null;
    }

    internal void Return()
    {
        if (_isRented)
        {
            ArrayPool<Claim>.Shared.Return(_claims, clearArray: true);
        }
    }

    private static IdentityClaims? TryRead(ClaimsIdentity identity)
    {
        // A class derived from the list may enumerate something else than it holds.
        if (identity.Claims is not List<Claim> list || list.GetType() != typeof(List<Claim>))
        {
            return TryEnumerate(identity);
        }

        ReadOnlySpan<Claim> live = CollectionsMarshal.AsSpan(list);
        Claim[] copy = ArrayPool<Claim>.Shared.Rent(live.Length);
        live.CopyTo(copy);
        var claims = new IdentityClaims(identity, copy, live.Length, isRented: true);

        // A list that changes while it is copied may give claims of two moments, or null.
        if (IsWhole(claims.Claims, CollectionsMarshal.AsSpan(list)))
        {
            return claims;
        }

        claims.Return();
        return null;
    }

    private static IdentityClaims? TryEnumerate(ClaimsIdentity identity)
    {
        try
        {
            // Neither ToList nor LINQ: both may take what a collection holds and not what it enumerates.
            List<Claim> claims = [];
            foreach (Claim claim in identity.Claims)
            {
                claims.Add(claim);
            }

            return claims.Contains(null!) ? null : new IdentityClaims(identity, [.. claims], claims.Count, isRented: false);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static bool IsWhole(ReadOnlySpan<Claim> copy, ReadOnlySpan<Claim> live)
    {
        if (copy.Length != live.Length)
        {
            return false;
        }

        for (int index = 0; index < copy.Length; index++)
        {
            if (copy[index] is null || copy[index] != live[index])
            {
                return false;
            }
        }

        return true;
    }
}
