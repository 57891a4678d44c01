using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The peers that may speak for users.</summary>
internal sealed class TrustedPeers
{
    private readonly IPNetwork[] _networks;
    private readonly IPAddress[] _addresses;
    private readonly Func<X509Certificate2, bool>? _certificate;
    private readonly (string HeaderName, byte[] Hash)[] _secrets;

    internal TrustedPeers(IdentityHeadersOptions options)
    {
        _networks = [.. options.TrustedNetworks.Select(Unmapped)];
        _addresses = [.. options.TrustedAddresses.Select(ConnectionPeer.Unmapped)];
        _certificate = options.TrustedCertificate;
        _secrets = [.. options.SharedSecrets.Select(secret => (secret.HeaderName, Hash(secret.Value)))];
    }

    /// <summary>Gets why the request's peer may not speak for users, or null.</summary>
    internal string? GetError(HttpContext context) =>
        GetAddressError(context) ?? GetCertificateError(context) ?? GetSecretError(context.Request.Headers);

    private string? GetAddressError(HttpContext context)
    {
        if (_networks.Length == 0 && _addresses.Length == 0)
        {
            return null;
        }

        if (ConnectionPeer.GetAddress(context) is not { } address)
        {
            return "the server offers no socket with an address (or the peer has gone), so that TrustedNetworks and TrustedAddresses trust "
                + "no peer. Use SharedSecrets or TrustedCertificate in place of them";
        }

        return Array.Exists(_networks, network => network.Contains(address)) || _addresses.Contains(address)
            ? null
            : "its address is in none of TrustedNetworks and TrustedAddresses";
    }

    private string? GetCertificateError(HttpContext context)
    {
        if (_certificate is null)
        {
            return null;
        }

        if (ConnectionPeer.GetCertificate(context) is not { } certificate)
        {
            return "there is no client certificate on the connection itself, which TrustedCertificate asks for";
        }

        try
        {
            return _certificate(certificate) ? null : "TrustedCertificate does not accept its certificate";
        }
        catch (Exception exception)
        {
            return $"TrustedCertificate threw a {exception.GetType().Name}";
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

    /// <summary>Maps a network of IPv4-mapped IPv6 addresses to IPv4, as peers' addresses are. Others stay unchanged.</summary>
    internal static IPNetwork Unmapped(IPNetwork network) => network is { BaseAddress.IsIPv4MappedToIPv6: true, PrefixLength: >= 96 }
        ? new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - 96)
        : network;
}
