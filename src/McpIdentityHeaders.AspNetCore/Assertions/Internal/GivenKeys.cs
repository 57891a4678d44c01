using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Keys that the application gave. A sender of this library names them by their thumbprint (RFC 7638), whatever their own id is.</summary>
internal sealed class GivenKeys(IEnumerable<SecurityKey> keys) : VerificationKeys
{
    private readonly (SecurityKey Key, string? Thumbprint)[] _keys =
        [.. keys.Where(key => key is not JsonWebKey jwk || IsForSignatures(jwk)).Select(key => (key, GetThumbprint(key)))];

    internal override ValueTask<KeyAvailability> CheckAsync(CancellationToken cancellationToken) => new(KeyAvailability.Available);

    internal override ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string keyId, CancellationToken cancellationToken) =>
        new([.. _keys.Where(key => key.Thumbprint == keyId || key.Key.KeyId == keyId).Select(key => key.Key)]);

    private static string? GetThumbprint(SecurityKey key) =>
        key.CanComputeJwkThumbprint() ? Base64UrlEncoder.Encode(key.ComputeJwkThumbprint()) : null;
}
