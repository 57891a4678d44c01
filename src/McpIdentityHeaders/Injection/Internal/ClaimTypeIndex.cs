using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The claim types that one client's headers look for, numbered, so that one pass over a user's claims finds all of them.</summary>
internal sealed class ClaimTypeIndex
{
    private const int None = -1;

    private readonly string[] _types;

    // The first type for each length and first letter, and the next one that shares them: most of a user's claims are of none.
    private readonly int[] _first = new int[64];
    private readonly int[] _next;

    internal ClaimTypeIndex(IEnumerable<string> types)
    {
        _types = [.. types.Distinct(StringComparer.Ordinal)];
        _next = new int[_types.Length];
        Array.Fill(_first, None);
        for (int index = 0; index < _types.Length; index++)
        {
            ref int first = ref _first[Slot(_types[index])];
            _next[index] = first;
            first = index;
        }
    }

    internal int Count => _types.Length;

    internal int IndexOf(string type) => Array.IndexOf(_types, type);

    /// <summary>Finds the first claim of each type with a value that is not blank; what it does not find stays null.</summary>
    internal void FindFirst(ClaimsIdentity identity, Span<Claim?> found)
    {
        foreach (Claim claim in UserIdentities.ClaimsOf(identity))
        {
            Find(claim, found);
        }
    }

    private void Find(Claim claim, Span<Claim?> found)
    {
        string type = claim.Type;
        for (int index = _first[Slot(type)]; index != None; index = _next[index])
        {
            if (string.Equals(type, _types[index], StringComparison.Ordinal))
            {
                if (found[index] is null && !string.IsNullOrWhiteSpace(claim.Value))
                {
                    found[index] = claim;
                }

                return;
            }
        }
    }

    private static int Slot(string type) => type.Length == 0 ? 0 : (type.Length ^ (type[0] << 1)) & 63;
}
