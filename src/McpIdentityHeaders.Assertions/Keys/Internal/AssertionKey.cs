using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Internal;

/// <summary>A key of assertions: what signs with it, if it has a private part, and what is published of it.</summary>
internal sealed class AssertionKey
{
    private const int MinRsaBits = 2048;

    private AssertionKey(AsymmetricSecurityKey key, string algorithm, bool canSign, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        // The same id for the same key, wherever it is used (RFC 7638).
        key.KeyId = Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
        PublicKey = PublicJsonWebKey.Of(key, algorithm);
        Credentials = canSign ? new SigningCredentials(key, algorithm) : null;
        NotBefore = notBefore;
        NotAfter = notAfter;
    }

    /// <summary>Gets what signs; null where there is a public key alone.</summary>
    internal SigningCredentials? Credentials { get; }

    internal PublicJsonWebKey PublicKey { get; }

    internal DateTimeOffset NotBefore { get; }

    internal DateTimeOffset NotAfter { get; }

    /// <exception cref="InvalidOperationException">The key cannot be used.</exception>
    internal static AssertionKey Of(X509Certificate2 certificate, string? algorithm)
    {
        AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey();
        return key is null
            ? throw new InvalidOperationException(
                $"the certificate '{certificate.Thumbprint}' has no private key of P-256 or RSA. Load it with its private key")
            : Of(key, algorithm, canSign: true, certificate.NotBefore, certificate.NotAfter);
    }

    /// <exception cref="InvalidOperationException">The key cannot be used.</exception>
    internal static AssertionKey Of(SigningCredentials credentials) =>
        credentials.Key is AsymmetricSecurityKey key && IsSupported(credentials.Algorithm)
            ? new AssertionKey(key, credentials.Algorithm, canSign: true, DateTimeOffset.MinValue, DateTimeOffset.MaxValue)
            : throw new InvalidOperationException("the signing credentials are not an asymmetric key with ES256, RS256 or PS256. Use one of these");

    /// <exception cref="InvalidOperationException">The key cannot be used.</exception>
    /// <exception cref="ArgumentException">The text has no key.</exception>
    /// <exception cref="CryptographicException">The text has a key that cannot be read.</exception>
    internal static AssertionKey OfPem(string text, string? algorithm)
    {
        bool canSign = text.Contains("PRIVATE KEY-----", StringComparison.Ordinal);
        return Of(ImportPem(text), algorithm, canSign, DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
    }

    internal static AssertionKey CreateNew() => Of(
        ECDsa.Create(ECCurve.NamedCurves.nistP256), algorithm: null, canSign: true, DateTimeOffset.MinValue, DateTimeOffset.MaxValue);

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

    private static AssertionKey Of(
        AsymmetricAlgorithm key, string? algorithm, bool canSign, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        return key switch
        {
            ECDsa { KeySize: 256 } curve when algorithm is null or SecurityAlgorithms.EcdsaSha256 =>
                new AssertionKey(new ECDsaSecurityKey(curve), SecurityAlgorithms.EcdsaSha256, canSign, notBefore, notAfter),
            RSA { KeySize: >= MinRsaBits } rsa when algorithm is null or SecurityAlgorithms.RsaSha256 or SecurityAlgorithms.RsaSsaPssSha256 =>
                new AssertionKey(new RsaSecurityKey(rsa), algorithm ?? SecurityAlgorithms.RsaSha256, canSign, notBefore, notAfter),
            _ => throw new InvalidOperationException(
                $"a {key.SignatureAlgorithm} key of {key.KeySize} bits cannot sign with {algorithm ?? "ES256 or RS256"}. Use a P-256 key with ES256, "
                + $"or an RSA key of at least {MinRsaBits} bits with RS256 or PS256"),
        };
    }

    private static bool IsSupported(string algorithm) =>
        algorithm is SecurityAlgorithms.EcdsaSha256 or SecurityAlgorithms.RsaSha256 or SecurityAlgorithms.RsaSsaPssSha256;
}
