using System.Text.RegularExpressions;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using OpenTelemetry.Metrics;

namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>
/// A program that sends, receives and strips identities, with OpenTelemetry's Prometheus exporter at /metrics, and a run of traffic that
/// gives each of the library's instruments something to count.
/// </summary>
internal sealed partial class MeteredGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly McpBackend _backend;
    private readonly WireServer _redirecting;
    private readonly Channel<bool> _scrapes;

    private MeteredGateway(WebApplication app, McpBackend backend, WireServer redirecting, Channel<bool> scrapes)
    {
        _app = app;
        _backend = backend;
        _redirecting = redirecting;
        _scrapes = scrapes;
    }

    public Uri Uri => new(_app.Urls.Single());

    public static async Task<MeteredGateway> StartAsync()
    {
        McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        WireServer redirecting = await WireServer.StartAsync(context =>
        {
            if (context.Request.Headers.ContainsKey("X-User-Sub"))
            {
                context.Response.Redirect("https://elsewhere.example.com/");
            }

            return Task.CompletedTask;
        });
        var scrapes = Channel.CreateUnbounded<bool>();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication().AddIdentityHeaders(ReceivingServer.TrustLoopback);
        builder.Services.AddMcpClient(McpTesting.ClientName, backend.Endpoint).AddClaimInjection();
        builder.Services.Configure<McpClientOptions>(McpTesting.ClientName, options => options.ProtocolVersion = "2025-11-25");
        builder.Services.AddHttpClient("redirecting").AddClaimInjection(options => options.TrustedOrigins.Add(redirecting.Uri));
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("McpIdentityHeaders").AddPrometheusExporter());
        WebApplication app = builder.Build();
        app.Use(async (context, next) =>
        {
            await next(context);
            _ = context.Request.Path != "/metrics" || scrapes.Writer.TryWrite(true);
        });
        app.UseAuthentication();
        app.UseIdentityHeaderStripping();
        app.MapPrometheusScrapingEndpoint();
        app.MapGet("/open", () => "open");
        await app.StartAsync();
        return new MeteredGateway(app, backend, redirecting, scrapes);
    }

    /// <summary>Sends, receives, strips, redirects, and closes a session while another stays open.</summary>
    public async Task RunTrafficAsync()
    {
        await _app.Services.CallForAsync(Users.Alice);
        await _app.Services.CallForAsync(Users.Bob);
        await _app.Services.Pool().CloseAsync(Users.Alice);

        using HttpClient redirecting = _app.Services.GetRequiredService<IHttpClientFactory>().CreateClient("redirecting");
        foreach (ClaimsPrincipal? user in (ClaimsPrincipal?[])[Users.Alice, Users.Anonymous, null])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _redirecting.Uri);
            request.WithHeader("X_User_Sub", "mallory");
            if (user is not null)
            {
                request.SetUser(user);
            }

            using HttpResponseMessage response = await redirecting.SendAsync(request);
        }

        using var outside = new HttpClient { BaseAddress = Uri };
        foreach (string email in (string[])["alice@example.com", "=?base64?not canonical?="])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/open");
            request.WithHeader("X-User-Sub", "alice").WithHeader("X-User-Email", email);
            using HttpResponseMessage response = await outside.SendAsync(request);
        }
    }

    /// <summary>Scrapes, and gives the samples' names, each with its labels and the values that these have.</summary>
    public async Task<ILookup<string, IReadOnlyDictionary<string, string>>> ScrapeAsync()
    {
        using var http = new HttpClient { BaseAddress = Uri };
        string text = await http.GetStringAsync("/metrics");
        return Sample().Matches(text).ToLookup(
            sample => sample.Groups["name"].Value,
            sample => (IReadOnlyDictionary<string, string>)Label().Matches(sample.Groups["labels"].Value)
                .ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value));
    }

    /// <summary>Waits until /metrics has been scraped that often.</summary>
    public async Task WaitForScrapesAsync(int count)
    {
        using var patience = new CancellationTokenSource(AsyncGate.Patience);
        for (int scrape = 0; scrape < count; scrape++)
        {
            await _scrapes.Reader.ReadAsync(patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _redirecting.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [GeneratedRegex(@"^(?<name>[a-zA-Z_:]\w*)(\{(?<labels>.*)\})? \S+", RegexOptions.Multiline)]
    private static partial Regex Sample();

    [GeneratedRegex("(?<name>\\w+)=\"(?<value>(?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Label();
}
