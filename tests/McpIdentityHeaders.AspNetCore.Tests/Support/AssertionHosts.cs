using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A gateway that publishes the keys of its assertions, and a backend that verifies them, both on Kestrel.</summary>
internal sealed class AssertionHosts : IAsyncDisposable
{
    public const string Header = "X-User-Assertion";

    private readonly WebApplication _gateway;
    private readonly WebApplication _backend;

    private int _keyFetches;

    private AssertionHosts(WebApplication gateway, Uri issuer, WebApplication backend, Uri address, ECDsa key)
    {
        _gateway = gateway;
        _backend = backend;
        Issuer = issuer;
        Backend = address;
        Key = key;
    }

    public ECDsa Key { get; }

    public Uri Issuer { get; }

    public Uri Backend { get; }

    /// <summary>Gets how often the key set was fetched.</summary>
    public int KeyFetches => Volatile.Read(ref _keyFetches);

    /// <summary>Gets or sets what the gateway answers for its keys, in place of them.</summary>
    public RequestDelegate? KeySet { get; set; }

    /// <summary>Gets the backend's services.</summary>
    public IServiceProvider Services => _backend.Services;

    public FakeLogCollector Logs => _backend.Services.GetFakeLogCollector();

    public static string NameOf(Uri address) => address.GetLeftPart(UriPartial.Authority);

    /// <param name="send">Changes what is sent.</param>
    /// <param name="receive">Changes what is accepted, after issuer, audience and authority.</param>
    /// <param name="authenticate">Adds another authentication to the backend, given issuer and audience.</param>
    /// <param name="keys">Adds keys, in place of one that the host makes.</param>
    /// <param name="services">More services of the backend.</param>
    /// <param name="before">Middleware of the backend in front of authentication.</param>
    /// <param name="map">Endpoints of the backend, and middleware behind authentication.</param>
    /// <param name="time">The clock of both.</param>
    /// <param name="settings">Settings of the sender that may change, its keys among them.</param>
    /// <param name="protocols">Which HTTP the backend speaks.</param>
    public static async Task<AssertionHosts> StartAsync(
        Action<IdentityAssertionOptions>? send = null,
        Action<ReceivedAssertionOptions>? receive = null,
        Action<IServiceCollection, Uri, Uri>? authenticate = null,
        Action<IdentityAssertionKeys>? keys = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? before = null,
        Action<WebApplication>? map = null,
        TimeProvider? time = null,
        IConfigurationSection? settings = null,
        HttpProtocols protocols = HttpProtocols.Http1)
    {
        AssertionHosts? hosts = null;
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        keys ??= added => added.Add(new SigningCredentials(new ECDsaSecurityKey(key), SecurityAlgorithms.EcdsaSha256));
        time ??= TimeProvider.System;
        WebApplicationBuilder sending = NewBuilder(HttpProtocols.Http1, out Uri issuer);
        WebApplicationBuilder receiving = NewBuilder(protocols, out Uri address);

        sending.Services.AddSingleton(time);
        IHttpClientBuilder client = sending.Services.AddMcpClient("backend", address).AddIdentityAssertion(options =>
        {
            options.Issuer = NameOf(issuer);
            keys(options.Keys);
            send?.Invoke(options);
        });
        if (settings is not null)
        {
            client.AddIdentityAssertion(settings);
        }

        WebApplication gateway = sending.Build();
        gateway.Use((context, next) =>
            context.Request.Path == "/.well-known/jwks.json" ? hosts!.GetKeysAsync(context, next) : next(context));
        gateway.MapIdentityAssertionKeys();
        await gateway.StartAsync();

        receiving.Services.AddSingleton(time);
        receiving.Services.AddDistributedMemoryCache();
        receiving.Services.AddAuthorization();
        authenticate ??= (services, _, _) => services.AddAuthentication(IdentityAssertionDefaults.AuthenticationScheme)
            .AddIdentityAssertion(options =>
            {
                options.Issuer = NameOf(issuer);
                options.Audience = NameOf(address);
                options.Authority = issuer;
                receive?.Invoke(options);
            });
        authenticate(receiving.Services, issuer, address);
        services?.Invoke(receiving.Services);
        WebApplication backend = receiving.Build();
        before?.Invoke(backend);
        backend.UseAuthentication();
        backend.UseAuthorization();
        backend.Map("/{**path}", RespondAsync);
        backend.MapGet("/secret", () => "secret").RequireAuthorization();
        map?.Invoke(backend);
        hosts = new AssertionHosts(gateway, issuer, backend, address, key);
        await backend.StartAsync();
        return hosts;
    }

    /// <summary>Sends as the gateway does, for a user.</summary>
    public async Task<HttpResponseMessage> SendAsync(ClaimsPrincipal? user, HttpRequestMessage? request = null)
    {
        request ??= new HttpRequestMessage(HttpMethod.Post, new Uri(Backend, "/mcp")) { Content = new StringContent("{}") };
        if (user is not null)
        {
            request.SetUser(user);
        }

        using HttpClient client = _gateway.Services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");
        return await client.SendAsync(request);
    }

    /// <summary>Sends a POST of <c>{}</c> to /mcp with a token made by hand.</summary>
    public async Task<HttpResponseMessage> SendTokenAsync(string token, Action<HttpRequestMessage>? change = null)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Backend, "/mcp")) { Content = new StringContent("{}") };
        request.WithHeader(Header, token);
        change?.Invoke(request);
        return await http.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.StopAsync();
        await _gateway.DisposeAsync();
        await _backend.StopAsync();
        await _backend.DisposeAsync();
        Key.Dispose();
    }

    private Task GetKeysAsync(HttpContext context, RequestDelegate next)
    {
        Interlocked.Increment(ref _keyFetches);
        return (KeySet ?? next)(context);
    }

    private static async Task RespondAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        await context.Response.WriteAsync($"{context.User.FindFirst("sub")?.Value}|{context.User.Identity?.Name}|{body}");
    }

    /// <summary>A builder of a server at an address that is known before it starts, since issuer and audience are settings.</summary>
    private static WebApplicationBuilder NewBuilder(HttpProtocols protocols, out Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        address = new Uri($"http://localhost:{((IPEndPoint)socket.LocalEndPoint!).Port}");

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddFakeLogging();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenHandle((ulong)socket.Handle, listen => listen.Protocols = protocols));
        builder.Services.AddRouting();
        return builder;
    }
}
