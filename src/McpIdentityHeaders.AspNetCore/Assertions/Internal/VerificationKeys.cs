using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The issuer's keys.</summary>
internal abstract class VerificationKeys
{
    /// <summary>Tells whether there are keys to verify by, and fetches them where they are fetched and never were.</summary>
    internal abstract ValueTask<KeyAvailability> CheckAsync(CancellationToken cancellationToken);

    /// <summary>Finds the keys of an id. There are several where a key set uses an id twice: each is tried.</summary>
    internal abstract ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string keyId, CancellationToken cancellationToken);

    /// <summary>Whether a JWK says nothing against verifying signatures with it (RFC 7517, sections 4.2 and 4.3).</summary>
    protected static bool IsForSignatures(JsonWebKey key) =>
        key.Kty is JsonWebAlgorithmsKeyTypes.EllipticCurve or JsonWebAlgorithmsKeyTypes.RSA
        && (string.IsNullOrEmpty(key.Use) || key.Use == "sig")
        && (key.KeyOps.Count == 0 || key.KeyOps.Contains("verify"));
}
