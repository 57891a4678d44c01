using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>
/// A real Kestrel server on ports of the system's choice, one for HTTP/1.1 and one for HTTP/2, with endpoints that need no user (/open), a
/// user (/closed) or the role admin (/admin). It keeps which requests came past authentication, and everything it logged and counted.
/// </summary>
internal sealed class ReceivingHost : IAsyncDisposable
{
    public const string Category = "McpIdentityHeaders.AspNetCore.IdentityHeaders";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _reached;
    private readonly MetricCollector<long> _received;

    private ReceivingHost(WebApplication app, ConcurrentQueue<string> reached, FakeLogCollector logs)
    {
        _app = app;
        _reached = reached;
        Logs = logs;
        _received = new MetricCollector<long>(
            app.Services.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", "mcp.identity.received");
    }

    public FakeLogCollector Logs { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Gets the address that HTTP/1.1 is spoken at.</summary>
    public Uri Uri => new(_app.Urls.First());

    /// <summary>Gets the address that HTTP/2 is spoken at.</summary>
    public Uri Http2Uri => new(_app.Urls.Last());

    /// <summary>Gets the paths of the requests that came past authentication.</summary>
    public IReadOnlyList<string> Reached => [.. _reached];

    /// <summary>Gets what mcp.identity.received has counted, one entry a request.</summary>
    public IReadOnlyList<string> Outcomes => [.. _received.GetMeasurementSnapshot()
        .SelectMany(measured => Enumerable.Repeat((string)measured.Tags["outcome"]!, (int)measured.Value))];

    /// <summary>Gets the warnings of the receiver.</summary>
    public IReadOnlyList<FakeLogRecord> Warnings => [.. Logs.GetSnapshot()
        .Where(record => record.Category == Category && record.Level == LogLevel.Warning)];

    /// <summary>With the scheme's default name, and whoever is on this machine trusted.</summary>
    public static Task<ReceivingHost> StartTrustingAsync(Action<IdentityHeadersOptions>? configure = null) =>
        StartAsync(schemes => schemes.AddIdentityHeaders(options =>
        {
            ReceivingServer.TrustLoopback(options);
            configure?.Invoke(options);
        }));

    /// <param name="schemes">The authentication schemes.</param>
    /// <param name="kestrel">Where it listens, if not at the two ports.</param>
    /// <param name="services">More services.</param>
    /// <param name="before">Middleware in front of authentication.</param>
    /// <param name="map">More endpoints.</param>
    /// <param name="server">A server in place of Kestrel.</param>
    public static async Task<ReceivingHost> StartAsync(
        Action<AuthenticationBuilder> schemes,
        Action<KestrelServerOptions>? kestrel = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? before = null,
        Action<WebApplication>? map = null,
        IServer? server = null)
    {
        FakeLogCollector logs = FakeLogCollector.Create(new FakeLogCollectorOptions());
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(new FakeLoggerProvider(logs)).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddAuthorization();
        schemes(builder.Services.AddAuthentication());
        services?.Invoke(builder.Services);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel ?? ListenTwice);
        if (server is not null)
        {
            builder.WebHost.UseServer(server);
        }

        WebApplication app = builder.Build();
        var host = new ReceivingHost(app, new ConcurrentQueue<string>(), logs);
        before?.Invoke(app);
        app.UseAuthentication();
        app.Use((context, next) =>
        {
            host._reached.Enqueue(context.Request.Path);
            return next(context);
        });
        app.UseAuthorization();
        app.MapGet("/open", AnswerUserAsync).AllowAnonymous();
        app.MapGet("/closed", AnswerUserAsync).RequireAuthorization();
        app.MapGet("/admin", AnswerUserAsync).RequireAuthorization(policy => policy.RequireRole("admin"));
        map?.Invoke(app);

        try
        {
            await app.StartAsync();
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;
    }

    /// <summary>Sends a GET with these header lines, each character a byte (ISO 8859-1).</summary>
    public Task<RawResponse> SendAsync(bool http2, string path, params string[] lines) =>
        http2 ? RawHttp2.GetAsync(Http2Uri, path, lines) : RawHttp.GetAsync(Uri, path, lines);

    public Task<RawResponse> GetAsync(string path, params string[] lines) => SendAsync(http2: false, path, lines);

    /// <summary>Sends what has to end with 400, at an endpoint that needs no user, and looks that nothing of it was taken.</summary>
    public async Task AssertMalformedAsync(bool http2, params string[] lines)
    {
        RawResponse response = await SendAsync(http2, "/open", lines);

        Assert.Equal(400, response.Status);
        Assert.Equal(["malformed"], Outcomes);
        Assert.Empty(Reached);
        Assert.Equal("MalformedHeaders", Assert.Single(Warnings).Id.Name);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();

        // Streams of sessions that a test left open would otherwise hold the shutdown up.
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _received.Dispose();
    }

    private static void ListenTwice(KestrelServerOptions kestrel)
    {
        kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
    }

    public static async Task AnswerUserAsync(HttpContext context)
    {
        byte[] user = JsonSerializer.SerializeToUtf8Bytes(ReceivedUser.Of(context.User));
        context.Response.ContentLength = user.Length;
        await context.Response.Body.WriteAsync(user);
    }
}
