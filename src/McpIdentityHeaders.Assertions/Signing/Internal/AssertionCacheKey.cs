namespace McpIdentityHeaders.Internal;

/// <summary>An assertion's claims but for its times and id: a user with other claims never gets another's token, or an old one.</summary>
internal sealed class AssertionCacheKey : IEquatable<AssertionCacheKey>
{
    private readonly string _audience;
    private readonly AssertedClaims _claims;
    private readonly int _hash;

    internal AssertionCacheKey(string audience, AssertedClaims claims)
    {
        _audience = audience;
        _claims = claims;

        var hash = default(HashCode);
        hash.Add(audience);
        hash.Add(claims.Subject);
        foreach (object? value in claims.Values)
        {
            // A list's first item is enough to tell most users apart.
            hash.Add(value is List<string> items ? items[0] : value);
        }

        _hash = hash.ToHashCode();
    }

    public bool Equals(AssertionCacheKey? other)
    {
        if (other is null || _hash != other._hash || _audience != other._audience || _claims.Subject != other._claims.Subject
            || _claims.Values.Length != other._claims.Values.Length)
        {
            return false;
        }

        for (int index = 0; index < _claims.Values.Length; index++)
        {
            if (!AreEqual(_claims.Values[index], other._claims.Values[index]))
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as AssertionCacheKey);

    public override int GetHashCode() => _hash;

    private static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (string one, string other) => one == other,
        (List<string> one, List<string> other) => one.SequenceEqual(other),
        _ => left is null && right is null,
    };
}
