using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Internal;

/// <summary>A key of assertions: what signs with it, if it has a private part, and what is published of it.</summary>
internal sealed class AssertionKey
{
    private const int MinRsaBits = 2048;

    private AssertionKey(AsymmetricSecurityKey key, string algorithm, bool canSign)
    {
        // The same id for the same key, wherever it is used (RFC 7638).
        key.KeyId = Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
        PublicKey = PublicJsonWebKey.Of(key, algorithm);
        Credentials = canSign ? new SigningCredentials(key, algorithm) : null;
    }

    /// <summary>Gets the credentials that sign; null where there is a public key alone.</summary>
    internal SigningCredentials? Credentials { get; }

    internal PublicJsonWebKey PublicKey { get; }

    /// <summary>Gets whether the key is valid for a time only, as a certificate's is.</summary>
    internal bool HasValidity { get; private init; }

    internal DateTimeOffset NotBefore { get; private init; }

    internal DateTimeOffset NotAfter { get; private init; }

    /// <exception cref="InvalidOperationException">The key cannot be used.</exception>
    internal static AssertionKey Of(X509Certificate2 certificate, string? algorithm)
    {
        AsymmetricAlgorithm key = (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey()
            ?? certificate.GetRSAPrivateKey()
            ?? throw new InvalidOperationException(
                $"the certificate '{certificate.Thumbprint}' has no private key of P-256 or RSA. Load it with its private key");
        (AsymmetricSecurityKey securityKey, string name) = ToSecurityKey(key, algorithm);
        return new AssertionKey(securityKey, name, canSign: true)
        {
            HasValidity = true,
            NotBefore = certificate.NotBefore,
            NotAfter = certificate.NotAfter,
        };
    }

    /// <exception cref="InvalidOperationException">The key cannot be used.</exception>
    internal static AssertionKey Of(SigningCredentials credentials)
    {
        if (credentials.Key is X509SecurityKey { Certificate: { } certificate })
        {
            return Of(certificate, credentials.Algorithm);
        }

        // A key of its own, since its id is set: the caller's may be in use elsewhere.
        (AsymmetricSecurityKey key, string algorithm) = ToSecurityKey(GetAlgorithm(credentials), credentials.Algorithm);
        key.CryptoProviderFactory = credentials.CryptoProviderFactory ?? credentials.Key.CryptoProviderFactory;
        return new AssertionKey(key, algorithm, CanSign(key, algorithm));
    }

    /// <exception cref="InvalidOperationException">The key cannot be used.</exception>
    /// <exception cref="ArgumentException">The text has no key.</exception>
    /// <exception cref="CryptographicException">The text has a key that cannot be read.</exception>
    internal static AssertionKey OfPem(string text, string? algorithm)
    {
        (AsymmetricSecurityKey key, string name) = ToSecurityKey(ImportPem(text), algorithm);
        return new AssertionKey(key, name, canSign: text.Contains("PRIVATE KEY-----", StringComparison.Ordinal));
    }

    internal static AssertionKey CreateNew()
    {
        (AsymmetricSecurityKey key, string algorithm) = ToSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256), algorithm: null);
        return new AssertionKey(key, algorithm, canSign: true);
    }

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The key lives as long as the program.")]
    private static AsymmetricAlgorithm ImportPem(string text)
    {
        var curve = ECDsa.Create();
        try
        {
            curve.ImportFromPem(text);
            return curve;
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            curve.Dispose();
        }

        var rsa = RSA.Create();
        rsa.ImportFromPem(text);
        return rsa;
    }

    private static AsymmetricAlgorithm GetAlgorithm(SigningCredentials credentials) => credentials.Key switch
    {
        ECDsaSecurityKey curve => curve.ECDsa,
        RsaSecurityKey { Rsa: { } rsa } => rsa,
        RsaSecurityKey rsa => RSA.Create(rsa.Parameters),
        JsonWebKey key
            when JsonWebKeyConverter.TryConvertToSecurityKey(key, out SecurityKey converted) && converted is AsymmetricSecurityKey =>
            GetAlgorithm(new SigningCredentials(converted, credentials.Algorithm)),
        _ => throw new InvalidOperationException(
            "the signing credentials are not an asymmetric key with ES256, RS256 or PS256. Use one of these, in an ECDsaSecurityKey, an "
            + "RsaSecurityKey, an X509SecurityKey or a JsonWebKey"),
    };

    private static (AsymmetricSecurityKey Key, string Algorithm) ToSecurityKey(AsymmetricAlgorithm key, string? algorithm) => key switch
    {
        ECDsa curve when (algorithm is null or SecurityAlgorithms.EcdsaSha256) && IsP256(curve) =>
            (new ECDsaSecurityKey(curve), SecurityAlgorithms.EcdsaSha256),
        RSA { KeySize: >= MinRsaBits } rsa when algorithm is null or SecurityAlgorithms.RsaSha256 or SecurityAlgorithms.RsaSsaPssSha256 =>
            (new RsaSecurityKey(rsa), algorithm ?? SecurityAlgorithms.RsaSha256),
        _ => throw new InvalidOperationException(
            $"a {key.SignatureAlgorithm} key of {key.KeySize} bits cannot sign with {algorithm ?? "ES256 or RS256"}. Use a P-256 key with "
            + $"ES256, or an RSA key of at least {MinRsaBits} bits with RS256 or PS256"),
    };

    /// <summary>Other curves have 256 bits too, and ES256 is for P-256 alone (RFC 7518, section 3.4).</summary>
    private static bool IsP256(ECDsa key)
    {
        Oid curve = key.ExportParameters(includePrivateParameters: false).Curve.Oid;
        Oid expected = ECCurve.NamedCurves.nistP256.Oid;
        return curve.Value is { } value ? value == expected.Value : curve.FriendlyName is "nistP256" or "ECDSA_P256";
    }

    /// <summary>Whether the key signs. No property tells it of an elliptic curve's.</summary>
    private static bool CanSign(AsymmetricSecurityKey key, string algorithm)
    {
        CryptoProviderFactory factory = key.CryptoProviderFactory;
        SignatureProvider? provider = null;
        try
        {
            provider = factory.CreateForSigning(key, algorithm, cacheProvider: false);
            return provider.Sign([1]).Length > 0;
        }
        catch (Exception exception) when (exception is CryptographicException or InvalidOperationException or NotSupportedException)
        {
            return false;
        }
        finally
        {
            if (provider is not null)
            {
                factory.ReleaseSignatureProvider(provider);
            }
        }
    }
}
