using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// The other end of the connection itself. <c>HttpContext.Connection</c> holds what middleware read from headers that anyone can send:
/// X-Forwarded-For becomes its address, X-ARR-ClientCert its certificate.
/// </summary>
/// <param name="Address">The address of its socket, IPv4 where it is mapped; null where there is none, or the peer has
/// disconnected.</param>
/// <param name="IsUnixSocket">Whether the connection came by a Unix domain socket.</param>
internal readonly record struct ConnectionPeer(IPAddress? Address, bool IsUnixSocket)
{
    internal static ConnectionPeer Of(HttpContext context)
    {
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            return default;
        }

        try
        {
            return socket.AddressFamily == AddressFamily.Unix
                ? new ConnectionPeer(null, IsUnixSocket: true)
                : new ConnectionPeer(socket.RemoteEndPoint is IPEndPoint peer ? Unmapped(peer.Address) : null, IsUnixSocket: false);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer has disconnected.
            return default;
        }
    }

    /// <summary>Maps an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2) to IPv4. Others stay unchanged.</summary>
    internal static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Gets the peer's certificate on this connection, or null.</summary>
    internal static X509Certificate2? GetCertificate(HttpContext context) =>
        context.Features.Get<ISslStreamFeature>()?.SslStream.RemoteCertificate as X509Certificate2;

    /// <summary>Describes the peer for a log line.</summary>
    public override string ToString() => IsUnixSocket ? "a peer on a Unix socket" : Address?.ToString() ?? "a peer without an address";
}
