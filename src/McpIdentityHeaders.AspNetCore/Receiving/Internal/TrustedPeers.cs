using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Who may speak for users.</summary>
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

    /// <summary>Gives the reason why the request's peer may not speak for users, or null.</summary>
    internal string? ReasonAgainst(HttpContext context) =>
        ReasonAgainstAddress(context) ?? ReasonAgainstCertificate(context) ?? ReasonAgainstSecret(context.Request.Headers);

    private string? ReasonAgainstAddress(HttpContext context)
    {
        if (_networks.Length == 0 && _addresses.Length == 0)
        {
            return null;
        }

        if (ConnectionPeer.AddressOf(context) is not { } address)
        {
            return "the server offers no socket with an address (or the peer has gone), so that TrustedNetworks and TrustedAddresses trust nobody. Use "
                + "SharedSecrets or TrustedCertificate in place of them";
        }

        return Array.Exists(_networks, network => network.Contains(address)) || _addresses.Contains(address)
            ? null
            : "its address is in none of TrustedNetworks and TrustedAddresses";
    }

    private string? ReasonAgainstCertificate(HttpContext context)
    {
        if (_certificate is null)
        {
            return null;
        }

        if (ConnectionPeer.CertificateOf(context) is not { } certificate)
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

    private string? ReasonAgainstSecret(IHeaderDictionary headers)
    {
        if (_secrets.Length == 0)
        {
            return null;
        }

        // Hashes are of one length, and every secret is compared: the time tells neither which one is close nor how close it is.
        bool known = false;
        foreach ((string headerName, byte[] hash) in _secrets)
        {
            known |= headers[headerName] is [{ } value] && CryptographicOperations.FixedTimeEquals(Hash(value), hash);
        }

        return known ? null : "none of SharedSecrets came with it";
    }

    private static byte[] Hash(string value) => SHA256.HashData(Encoding.UTF8.GetBytes(value));

    /// <summary>Peers' addresses are compared as IPv4 where they are, so that is what networks have to be too.</summary>
    internal static IPNetwork Unmapped(IPNetwork network) => network is { BaseAddress.IsIPv4MappedToIPv6: true, PrefixLength: >= 96 }
        ? new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - 96)
        : network;
}
