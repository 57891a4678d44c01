using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The issuer's keys.</summary>
internal abstract class VerificationKeys
{
    /// <summary>Tells whether there are keys to verify by, and fetches them where they are fetched and never were.</summary>
    internal abstract ValueTask<KeyAvailability> CheckAsync(CancellationToken cancellationToken);

    /// <summary>Finds the keys of an id. There are several where a key set uses an id twice: each is tried.</summary>
    internal abstract ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string keyId, CancellationToken cancellationToken);

    /// <summary>Finds the keys of an id that verify now: a certificate out of its time verifies nothing.</summary>
    /// <param name="keyId">The id.</param>
    /// <param name="now">The time.</param>
    /// <param name="skew">How far the clock may be wrong.</param>
    /// <param name="cancellationToken">Ends the wait for a fetch.</param>
    /// <returns>The keys, at least one; or why there is none.</returns>
    internal async ValueTask<(SecurityKey[] Keys, string? Error)> FindInForceAsync(
        string keyId, DateTimeOffset now, TimeSpan skew, CancellationToken cancellationToken)
    {
        IReadOnlyList<SecurityKey> found = await FindAsync(keyId, cancellationToken).ConfigureAwait(false);
        SecurityKey[] inForce = [.. found.Select(IssuerKey.Of).Where(key => key.IsInForce(now, skew)).Select(key => key.Key)];
        return inForce.Length > 0 ? (inForce, null)
            : found.Count == 0 ? ([], "the issuer's keys have none of its key id")
            : ([], "the certificate of its key has expired, is not valid yet, or cannot be read");
    }

    /// <summary>Whether a JWK says nothing against verifying signatures with it (RFC 7517, sections 4.2 and 4.3).</summary>
    protected static bool IsForSignatures(JsonWebKey key) =>
        key.Kty is JsonWebAlgorithmsKeyTypes.EllipticCurve or JsonWebAlgorithmsKeyTypes.RSA
        && (string.IsNullOrEmpty(key.Use) || key.Use == "sig")
        && (key.KeyOps.Count == 0 || key.KeyOps.Contains("verify"));
}
