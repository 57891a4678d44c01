using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Keys that the application gave. A sender of this library names them by their thumbprint (RFC 7638), whatever their own id is.
/// </summary>
internal sealed class GivenKeys(IEnumerable<SecurityKey> keys, TimeSpan skew, TimeProvider time) : VerificationKeys
{
    private readonly (SecurityKey Key, string? Thumbprint)[] _keys =
    [
        .. keys.Where(key => key is not JsonWebKey jwk || IsForSignatures(jwk))
            .Select(key => (key, GetThumbprint(IssuerKey.Of(key).Key))),
    ];

    internal override ValueTask<KeyAvailability> CheckAsync(CancellationToken cancellationToken) => new(
        Array.Exists(_keys, key => IssuerKey.Of(key.Key).IsInForce(time.GetUtcNow(), skew))
            ? KeyAvailability.Available
            : KeyAvailability.Expired);

    internal override ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string keyId, CancellationToken cancellationToken) =>
        new([.. _keys.Where(key => key.Thumbprint == keyId || key.Key.KeyId == keyId).Select(key => key.Key)]);

    private static string? GetThumbprint(SecurityKey key) =>
        key.CanComputeJwkThumbprint() ? Base64UrlEncoder.Encode(key.ComputeJwkThumbprint()) : null;
}
