using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The peers that may speak for users.</summary>
internal sealed class TrustedPeers
{
    private readonly TrustedPeer[] _peers;
    private readonly Func<X509Certificate2, bool>? _certificate;
    private readonly (string HeaderName, byte[] Hash)[] _secrets;

    /// <param name="peers">Where peers may connect from; none does not count.</param>
    /// <param name="certificate">Which certificate a peer has to have; null does not count.</param>
    /// <param name="secrets">Of which a peer has to send one; none does not count.</param>
    internal TrustedPeers(TrustedPeerCollection peers, Func<X509Certificate2, bool>? certificate, SharedSecretCollection secrets)
    {
        _peers = [.. peers.Select(entry => TrustedPeer.Parse(entry, out _)!)];
        _certificate = certificate;
        _secrets = [.. secrets.Select(secret => (secret.HeaderName, Hash(secret.Value)))];
    }

    /// <summary>Gets why the request's peer may not speak for users, or null.</summary>
    internal string? GetError(HttpContext context, IHeaderDictionary headers) =>
        GetAddressError(context) ?? GetCertificateError(context) ?? GetSecretError(headers);

    /// <summary>Whether a header may hold a secret: it has the name of one, or an alias of it.</summary>
    internal bool IsSecret(string headerName) =>
        Array.Exists(_secrets, secret => HeaderAlias.EqualsLeniently(secret.HeaderName, headerName));

    private string? GetAddressError(HttpContext context)
    {
        if (_peers.Length == 0)
        {
            return null;
        }

        var connected = ConnectionPeer.Of(context);
        if (Array.Exists(_peers, trusted => trusted.Includes(connected)))
        {
            return null;
        }

        return connected == default
            ? "the server offers no socket (or the peer has gone), so that TrustedPeers trusts none. Use SharedSecrets or "
                + "IsTrustedCertificate in place of it"
            : "it is none of TrustedPeers";
    }

    private string? GetCertificateError(HttpContext context)
    {
        if (_certificate is null)
        {
            return null;
        }

        if (ConnectionPeer.GetCertificate(context) is not { } certificate)
        {
            return "there is no client certificate on the connection itself, which IsTrustedCertificate asks for";
        }

        try
        {
            return _certificate(certificate) ? null : "IsTrustedCertificate does not accept its certificate";
        }
        catch (Exception exception)
        {
            return $"IsTrustedCertificate threw a {exception.GetType().Name}";
        }
    }

    private string? GetSecretError(IHeaderDictionary headers)
    {
        if (_secrets.Length == 0)
        {
            return null;
        }

        // Constant time: compare equally long hashes, and every secret, so that timing reveals nothing about any.
        bool matches = false;
        foreach ((string headerName, byte[] hash) in _secrets)
        {
            matches |= headers[headerName] is [{ } value] && CryptographicOperations.FixedTimeEquals(Hash(value), hash);
        }

        return matches ? null : "none of SharedSecrets came with it";
    }

    private static byte[] Hash(string value) => SHA256.HashData(Encoding.UTF8.GetBytes(value));
}
