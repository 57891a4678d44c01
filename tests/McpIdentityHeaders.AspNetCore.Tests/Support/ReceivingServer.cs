using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A real Kestrel server on a port of the system's choice that answers who its user is, at any path, and needs none.</summary>
internal sealed class ReceivingServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ReceivingServer(WebApplication app) => _app = app;

    public Uri Uri => new(_app.Urls.Single());

    public IServiceProvider Services => _app.Services;

    /// <param name="configure">Whom to trust, and what to read.</param>
    /// <param name="protocols">Which HTTP it speaks, without TLS.</param>
    /// <param name="services">More services.</param>
    /// <param name="before">Middleware in front of authentication.</param>
    public static async Task<ReceivingServer> StartAsync(
        Action<IdentityHeadersOptions> configure,
        HttpProtocols protocols = HttpProtocols.Http1,
        Action<IServiceCollection>? services = null,
        Action<IApplicationBuilder>? before = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        builder.Services.AddAuthentication().AddIdentityHeaders(configure);
        services?.Invoke(builder.Services);

        WebApplication app = builder.Build();
        before?.Invoke(app);
        app.UseAuthentication();
        app.Run(context => context.Response.WriteAsJsonAsync(ReceivedUser.Of(context.User)));
        await app.StartAsync();
        return new ReceivingServer(app);
    }

    /// <summary>Trusts whoever is on this machine.</summary>
    public static void TrustLoopback(IdentityHeadersOptions options) => options.TrustedPeers.Add("loopback");

    public static async Task<ReceivedUser> UserOfAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<ReceivedUser>())!;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
