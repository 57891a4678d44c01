using System.Collections.Concurrent;
using McpIdentityHeaders.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AotTest;

/// <summary>A backend on a port of the system's choice: keeps the headers and the user of each request, and serves MCP.</summary>
internal sealed class Backend : IAsyncDisposable
{
    public const string Audience = "backend";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedRequest> _received;

    private Backend(WebApplication app, ConcurrentQueue<ReceivedRequest> received)
    {
        _app = app;
        _received = received;
        Root = new Uri(app.Urls.Single());
    }

    public Uri Root { get; }

    /// <summary>Gets what arrived since the last call.</summary>
    public IReadOnlyList<ReceivedRequest> TakeReceived()
    {
        var taken = new List<ReceivedRequest>();
        while (_received.TryDequeue(out ReceivedRequest? request))
        {
            taken.Add(request);
        }

        return taken;
    }

    public static async Task<Backend> StartAsync(KeyPublisher publisher)
    {
        var received = new ConcurrentQueue<ReceivedRequest>();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication(IdentityHeadersDefaults.AuthenticationScheme)
            .AddIdentityHeaders(Settings.Section([.. Settings.Headers, ("TrustedPeers:0", "loopback")]))
            .AddIdentityAssertion(Settings.Section(
            [
                .. Settings.Headers, ("Issuer", KeyPublisher.Issuer), ("Audience", Audience), ("KeySetUri", publisher.KeySetUri.ToString()),
                ("RequireBinding", "true"),
            ]));
        builder.Services.AddDistributedMemoryCache();
        builder.Services.AddMcpServer()
            .WithHttpTransport()
            .WithUserIdentity()
            .WithTools([McpServerTool.Create(WhoAmI, new McpServerToolCreateOptions { Name = "whoami" })]);

        WebApplication app = builder.Build();
        app.UseAuthentication();
        app.Use(async (context, next) =>
        {
            received.Enqueue(ReceivedRequest.From(context));
            await next(context);
        });
        app.UseRouting();
        app.MapMcp("/mcp");
        app.Map("/away", Redirect);
        app.MapFallback(static _ => Task.CompletedTask);
        await app.StartAsync();
        return new Backend(app, received);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();

        // A session's open stream would hold up the shutdown.
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static string WhoAmI() => AmbientIdentity.User?.FindFirst("name")?.Value ?? "anonymous";

    private static Task Redirect(HttpContext context)
    {
        // The same server under another name is another origin.
        context.Response.Redirect($"http://localhost:{context.Request.Host.Port}/redirected");
        return Task.CompletedTask;
    }
}
