using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>Certificates that the tests sign themselves, one a name.</summary>
internal static class TestCertificates
{
    private static readonly Lazy<X509Certificate2> Localhost = new(() => New("localhost"));
    private static readonly Lazy<X509Certificate2> TheGateway = new(() => New("gateway"));
    private static readonly Lazy<X509Certificate2> TheStranger = new(() => New("stranger"));

    public static X509Certificate2 Gateway => TheGateway.Value;

    public static X509Certificate2 Stranger => TheStranger.Value;

    /// <summary>Listens over TLS at one port, and takes whatever certificate the client has, or none.</summary>
    public static void ListenAndAllowAny(KestrelServerOptions kestrel) => kestrel.Listen(IPAddress.Loopback, 0, listen =>
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.UseHttps(Localhost.Value, https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
        });
    });

    /// <summary>A client that shows this certificate, and takes the server's.</summary>
    public static HttpClient NewClient(X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, server, _, _) => server?.Subject == "CN=localhost";
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificates = [certificate];
        }

        return new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version11 };
    }

    private static X509Certificate2 New(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), password: null);
    }
}
