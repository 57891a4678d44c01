using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// The other end of the connection itself. <c>HttpContext.Connection</c> says what middleware made of headers: X-Forwarded-For becomes its
/// address, X-ARR-ClientCert its certificate.
/// </summary>
internal static class ConnectionPeer
{
    /// <summary>Gets the peer's address, or null where the server offers no socket, or one without addresses.</summary>
    internal static IPAddress? AddressOf(HttpContext context)
    {
        try
        {
            return context.Features.Get<IConnectionSocketFeature>()?.Socket.RemoteEndPoint is IPEndPoint peer ? Unmapped(peer.Address) : null;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer has gone.
            return null;
        }
    }

    /// <summary>Gives the IPv4 address of an IPv6 one that stands for it (RFC 4291, section 2.5.5.2), and others as they are.</summary>
    internal static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Gets the certificate that the peer has shown on this connection, or null.</summary>
    internal static X509Certificate2? CertificateOf(HttpContext context) =>
        context.Features.Get<ISslStreamFeature>()?.SslStream.RemoteCertificate as X509Certificate2;

    /// <summary>What a log line calls the peer.</summary>
    internal static string Describe(HttpContext context) => AddressOf(context)?.ToString() ?? "a peer without an address";
}
