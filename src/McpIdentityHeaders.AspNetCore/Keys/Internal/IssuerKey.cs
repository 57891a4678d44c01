using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// A key as it verifies, and when: with a certificate, in its time alone. The token library verifies by an expired certificate as well, and
/// by none of an elliptic curve.
/// </summary>
internal sealed class IssuerKey
{
    // Keyed by reference: a certificate is read once, not with each request.
    private static readonly ConditionalWeakTable<SecurityKey, IssuerKey> Known = [];

    private readonly DateTimeOffset _notBefore;
    private readonly DateTimeOffset _notAfter;

    private IssuerKey(SecurityKey key, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        Key = key;
        _notBefore = notBefore;
        _notAfter = notAfter;
    }

    /// <summary>Gets what verifies.</summary>
    internal SecurityKey Key { get; }

    internal static IssuerKey Of(SecurityKey key) => Known.GetValue(key, static key => key switch
    {
        X509SecurityKey { Certificate: { } certificate } => Create(key, certificate, algorithm: null),
        JsonWebKey { X5c: [{ } encoded, ..] } jwk => Create(jwk, encoded),
        _ => new IssuerKey(key, DateTimeOffset.MinValue, DateTimeOffset.MaxValue),
    });

    /// <summary>Whether it has no certificate, or one that is valid now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="skew">How far the clock may be wrong.</param>
    internal bool IsInForce(DateTimeOffset now, TimeSpan skew) => now + skew >= _notBefore && now - skew < _notAfter;

    /// <param name="key">A JWK.</param>
    /// <param name="encoded">The first certificate of its x5c, which is the key's (RFC 7517, section 4.7).</param>
    private static IssuerKey Create(JsonWebKey key, string encoded)
    {
        try
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(encoded));
            return Create(key, certificate, key.Alg);
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException)
        {
            // Fail closed: its time is unknown.
            return new IssuerKey(key, DateTimeOffset.MaxValue, DateTimeOffset.MinValue);
        }
    }

    private static IssuerKey Create(SecurityKey key, X509Certificate2 certificate, string? algorithm)
    {
        using ECDsa? curve = certificate.GetECDsaPublicKey();
        return new IssuerKey(curve is null ? key : ToJsonWebKey(curve, key.KeyId, algorithm), certificate.NotBefore, certificate.NotAfter);
    }

    private static JsonWebKey ToJsonWebKey(ECDsa curve, string keyId, string? algorithm)
    {
        // A copy: the converted key would keep the curve, which is disposed.
        JsonWebKey converted = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new ECDsaSecurityKey(curve));
        return new JsonWebKey
        {
            Kty = converted.Kty,
            Crv = converted.Crv,
            X = converted.X,
            Y = converted.Y,
            KeyId = keyId,
            Alg = algorithm,
        };
    }
}
