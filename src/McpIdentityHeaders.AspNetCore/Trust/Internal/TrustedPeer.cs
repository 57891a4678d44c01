using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>One entry of a <see cref="TrustedPeerCollection"/>.</summary>
internal sealed class TrustedPeer
{
    private static readonly TrustedPeer Loopback = new(static peer => peer.Address is { } address && IPAddress.IsLoopback(address));
    private static readonly TrustedPeer UnixSocket = new(static peer => peer.IsUnixSocket);

    private readonly Func<ConnectionPeer, bool> _includes;

    private TrustedPeer(Func<ConnectionPeer, bool> includes) => _includes = includes;

    internal bool Includes(ConnectionPeer peer) => _includes(peer);

    /// <summary>Reads an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="error">What is wrong with it, to follow its name, and what to write.</param>
    internal static TrustedPeer? Parse(string? entry, out string? error)
    {
        error = null;
        if ("loopback".Equals(entry, StringComparison.OrdinalIgnoreCase))
        {
            return Loopback;
        }

        if ("unix".Equals(entry, StringComparison.OrdinalIgnoreCase))
        {
            return UnixSocket;
        }

        error = "is none of an address such as '10.0.0.4', a network such as '10.0.0.0/8', 'loopback' and 'unix'";
        if (entry?.Trim().AsSpan().ContainsAny(',', ';', ' ') == true)
        {
            error += ". Write each as an entry of its own: 'TrustedPeers:0', 'TrustedPeers:1'";
        }

        return entry?.Split('/') switch
        {
            [string text] when TryParseAddress(text, out IPAddress? address) => OfAddress(address, out error),
            [string text, string length] when TryParseAddress(text, out IPAddress? address) => OfNetwork(address, length, out error),
            _ => null,
        };
    }

    private static TrustedPeer? OfAddress(IPAddress address, out string? error)
    {
        error = null;
        if (address.GetAddressBytes()[^1] == 0)
        {
            error = $"looks like a network without the length of its prefix. Write '{address}/16', with the network's own length, or "
                + $"'{address}/{MaxPrefixLength(address)}' for the one address";
            return null;
        }

        IPAddress trusted = ConnectionPeer.Unmapped(address);
        return new TrustedPeer(peer => trusted.Equals(peer.Address));
    }

    private static TrustedPeer? OfNetwork(IPAddress address, string length, out string? error)
    {
        error = null;
        if (!int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out int prefixLength)
            || prefixLength > MaxPrefixLength(address))
        {
            error = $"has no prefix of 1 to {MaxPrefixLength(address)} bits. Write '{address}' for the one address, or a network such as "
                + "'10.0.0.0/8'";
            return null;
        }

        IPAddress baseAddress = ClearBits(address, prefixLength);
        if (!baseAddress.Equals(address))
        {
            // IPNetwork reads 10.0.0.4/8 as 10.0.0.0/8, which would trust far more peers than intended.
            error = $"has bits of a host beyond its prefix. Write '{address}' for the one address, or '{baseAddress}/{prefixLength}' for "
                + "the whole network";
            return null;
        }

        IPNetwork network = Unmapped(new IPNetwork(baseAddress, prefixLength));
        if (network.PrefixLength == 0)
        {
            error = "is the network of all addresses. Name the gateway's own, or leave it out and use SharedSecrets or "
                + "IsTrustedCertificate alone";
            return null;
        }

        return new TrustedPeer(peer => peer.Address is { } peerAddress && network.Contains(peerAddress));
    }

    // IPAddress reads 10.1 as 10.0.0.1 and [::1]:80 as ::1, which would trust an address other than the one written.
    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6
            ? !text.Contains('[', StringComparison.Ordinal)
            : address.ToString() == text);

    private static int MaxPrefixLength(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;

    private static IPAddress ClearBits(IPAddress address, int prefixLength)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int bit = prefixLength; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    /// <summary>Maps a network of IPv4-mapped IPv6 addresses to IPv4, as peers' addresses are. Others stay unchanged.</summary>
    private static IPNetwork Unmapped(IPNetwork network) => network is { BaseAddress.IsIPv4MappedToIPv6: true, PrefixLength: >= 96 }
        ? new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - 96)
        : network;
}
