using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>
/// A real Kestrel server on a port of the system's choice, which keeps the bytes of each request's head as the socket gave them: a header
/// that a parser would hide is seen. It closes each connection after the response, so that a connection is a request.
/// </summary>
internal sealed class WireServer : IAsyncDisposable
{
    private static readonly Lazy<X509Certificate2> Certificate = new(NewCertificate);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<RawConnection> _connections;

    private WireServer(WebApplication app, ConcurrentQueue<RawConnection> connections, string scheme)
    {
        _app = app;
        _connections = connections;
        var address = new Uri(app.Urls.Single());
        Uri = new Uri($"{scheme}://localhost:{address.Port}/mcp");
    }

    /// <summary>Gets an address of the server, under its root.</summary>
    public Uri Uri { get; }

    /// <summary>Gets the heads of all requests so far, in the order in which they arrived.</summary>
    public IReadOnlyList<RawHead> Heads => [.. _connections.Select(connection => connection.Head).OfType<RawHead>()];

    public RawHead OnlyHead => Assert.Single(Heads);

    public static Task<WireServer> StartAsync(RequestDelegate? respond = null) => StartAsync(respond, https: false);

    /// <summary>Over TLS, with a certificate of its own making, which NewSocketsHandler accepts.</summary>
    public static Task<WireServer> StartHttpsAsync(RequestDelegate? respond = null) => StartAsync(respond, https: true);

    /// <summary>A handler with sockets that accepts the servers' own certificates.</summary>
    public static SocketsHttpHandler NewSocketsHandler() => new()
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=localhost" },
    };

    public Uri At(string pathAndQuery) => new(Uri, pathAndQuery);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static async Task<WireServer> StartAsync(RequestDelegate? respond, bool https)
    {
        var connections = new ConcurrentQueue<RawConnection>();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestHeadersTotalSize = 1024 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 1000;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                if (https)
                {
                    listen.UseHttps(Certificate.Value);
                }

                listen.Use(next => context =>
                {
                    var connection = new RawConnection(context.Transport.Input);
                    connections.Enqueue(connection);
                    context.Transport = new DuplexPipe(connection, context.Transport.Output);
                    return next(context);
                });
            });
        });

        WebApplication app = builder.Build();
        app.Use((context, next) =>
        {
            context.Response.Headers.Connection = "close";
            return next(context);
        });
        app.Run(respond ?? (context => context.Response.WriteAsync("ok")));
        await app.StartAsync();
        return new WireServer(app, connections, https ? "https" : "http");
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), password: null);
    }

    private sealed class DuplexPipe(System.IO.Pipelines.PipeReader input, System.IO.Pipelines.PipeWriter output)
        : System.IO.Pipelines.IDuplexPipe
    {
        public System.IO.Pipelines.PipeReader Input => input;

        public System.IO.Pipelines.PipeWriter Output => output;
    }
}
