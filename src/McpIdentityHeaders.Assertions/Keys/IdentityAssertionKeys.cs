using System.Security.Cryptography.X509Certificates;
using McpIdentityHeaders.Internal;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders;

/// <summary>The keys of a client's assertions, in order: the first signs, and all are published for those who verify.</summary>
/// <remarks>
/// ES256 (P-256), RS256 and PS256 (RSA of at least 2048 bits) are supported. A key's id is its thumbprint (RFC 7638), so that two programs
/// with one key publish the same.
/// </remarks>
public sealed class IdentityAssertionKeys
{
    private readonly List<KeySource> _sources = [];

    /// <summary>Gets how many keys there are.</summary>
    public int Count => _sources.Count;

    internal IReadOnlyList<KeySource> Sources => _sources;

    /// <summary>
    /// Adds the key of a PEM file. A changed file is read again within seconds, and an unreadable change leaves the last key in force. A
    /// key that was replaced in its file is published for another 15 minutes.
    /// </summary>
    /// <param name="path">
    /// A file with an unencrypted private key (<c>PRIVATE KEY</c>, <c>EC PRIVATE KEY</c> or <c>RSA PRIVATE KEY</c>), or a
    /// <c>PUBLIC KEY</c> that is published only.
    /// </param>
    /// <param name="algorithm">
    /// <c>PS256</c> for an RSA key that signs with PSS. <see langword="null"/> means ES256 for an elliptic curve and RS256 for RSA.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public void AddPemFile(string path, string? algorithm = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);

        _sources.Add(new PemFileKeySource(path, algorithm));
    }

    /// <summary>Adds a certificate's key. A certificate that is not valid yet or has expired signs nothing.</summary>
    /// <param name="certificate">A certificate with its private key. It has to stay undisposed.</param>
    /// <param name="algorithm">
    /// <c>PS256</c> for an RSA key that signs with PSS; <see langword="null"/> for the key's usual algorithm.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="certificate"/> is <see langword="null"/>.</exception>
    public void AddCertificate(X509Certificate2 certificate, string? algorithm = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);

        _sources.Add(new FixedKeySource($"the certificate '{certificate.Thumbprint}'", () => AssertionKey.Of(certificate, algorithm)));
    }

    /// <summary>Adds any credentials, such as those of a key vault. A certificate's are valid as long as the certificate is.</summary>
    /// <param name="credentials">
    /// An <c>ECDsaSecurityKey</c>, <c>RsaSecurityKey</c>, <c>X509SecurityKey</c> or <c>JsonWebKey</c>, and one of ES256, RS256 and PS256.
    /// The key's own id is not used, and the key is not changed.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="credentials"/> is <see langword="null"/>.</exception>
    public void Add(SigningCredentials credentials)
    {
        ArgumentNullException.ThrowIfNull(credentials);

        _sources.Add(new FixedKeySource("the signing credentials", () => AssertionKey.Of(credentials)));
    }

    /// <summary>Adds a key that is made anew with each start of the program, for development. The log warns of it.</summary>
    public void AddDevelopmentKey() =>
        _sources.Add(new FixedKeySource("the development key", AssertionKey.CreateNew, isForDevelopment: true));
}
