using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>A real Kestrel server on a port of the system's choice, with validated services.</summary>
internal sealed class InboundServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Version _version;

    private InboundServer(WebApplication app, Version version)
    {
        _app = app;
        _version = version;
    }

    public Uri Uri => new(_app.Urls.Single());

    public IServiceProvider Services => _app.Services;

    public IIdentityAccessor Accessor => Services.GetRequiredService<IIdentityAccessor>();

    /// <param name="services">Registers its services: AddHttpContextIdentity by default.</param>
    /// <param name="map">Its middleware and endpoints, behind sign-in.</param>
    /// <param name="http2">Whether it speaks HTTP/2, without TLS, or else HTTP/1.1.</param>
    /// <param name="signIn">Its authentication, if it is not SignInAsync.</param>
    public static async Task<InboundServer> StartAsync(
        Action<IServiceCollection>? services, Action<WebApplication> map, bool http2 = false, Action<WebApplication>? signIn = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Host.UseServiceProviderFactory(new DefaultServiceProviderFactory(
            new ServiceProviderOptions { ValidateScopes = true, ValidateOnBuild = true }));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen => listen.Protocols = http2 ? HttpProtocols.Http2 : HttpProtocols.Http1));
        (services ?? (made => made.AddHttpContextIdentity()))(builder.Services);

        WebApplication app = builder.Build();
        (signIn ?? (made => made.Use(SignInAsync)))(app);
        map(app);
        await app.StartAsync();
        return new InboundServer(app, http2 ? HttpVersion.Version20 : HttpVersion.Version11);
    }

    /// <summary>Replaces authentication: the user named in Authorization. Null or empty: an anonymous one.</summary>
    public static Task SignInAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.Authorization.ToString() is { Length: > 0 } name)
        {
            context.User = Users.Named(name);
        }

        return next(context);
    }

    /// <summary>A client that has one connection at most.</summary>
    public HttpClient NewClient() => new(new SocketsHttpHandler { MaxConnectionsPerServer = 1, UseCookies = false }) { BaseAddress = Uri };

    /// <summary>Gets a path for a user, with its answer read to the end.</summary>
    public async Task<string> GetAsync(HttpClient client, string path, string? user)
    {
        using HttpRequestMessage request = NewRequest(path, user);
        using HttpResponseMessage response = await client.SendAsync(request);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.Equal((HttpStatusCode.OK, _version), (response.StatusCode, response.Version));
        return answer;
    }

    public HttpRequestMessage NewRequest(string path, string? user = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path)
        {
            Version = _version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (user is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", user);
        }

        return request;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
