using System.Net;
using McpIdentityHeaders.AspNetCore.Tests.Inbound;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>YARP in front of a backend, with the handler of this library.</summary>
public sealed class YarpTests
{
    [Fact]
    public async Task Backend_behind_the_proxy_knows_each_user()
    {
        await using InboundServer backend = await StartBackendAsync();
        await using InboundServer proxy = await StartProxyAsync(backend.Uri);
        using HttpClient browser = CreateBrowser(proxy);

        foreach (string? user in new[] { "alice", "bob", null })
        {
            using HttpRequestMessage request = proxy.NewRequest("/whoami", user);
            request.Headers.TryAddWithoutValidation("X-User-Sub", "mallory");
            request.Headers.TryAddWithoutValidation("X_User_Name", "mallory");
            using HttpResponseMessage response = await browser.SendAsync(request);

            Assert.Equal($"sub={user},alias=", await response.Content.ReadAsStringAsync());
            // For an anonymous user too: by Vary, the backend says that another user would get another response.
            Assert.Equal("max-age=60, private", response.Headers.CacheControl!.ToString());
        }
    }

    [Fact]
    public async Task Redirect_and_cookie_of_the_backend_are_passed_on()
    {
        await using InboundServer backend = await StartBackendAsync();
        await using InboundServer proxy = await StartProxyAsync(backend.Uri);
        using HttpClient browser = CreateBrowser(proxy);

        using HttpResponseMessage response = await browser.SendAsync(proxy.NewRequest("/login", "alice"));

        Assert.Equal((HttpStatusCode.Redirect, "/home"), (response.StatusCode, response.Headers.Location!.OriginalString));
        Assert.Equal(["session=1"], response.Headers.GetValues("Set-Cookie"));
    }

    [Fact]
    public async Task Sessions_behind_a_proxy_with_cookie_affinity_stay_at_their_backends()
    {
        await using McpBackend first = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using McpBackend second = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using InboundServer proxy = await InboundServer.StartAsync(
            services => services.AddReverseProxy().LoadFromMemory(
                [new RouteConfig { RouteId = "all", ClusterId = "backends", Match = new RouteMatch { Path = "{**path}" } }],
                [
                    new ClusterConfig
                    {
                        ClusterId = "backends",
                        LoadBalancingPolicy = "RoundRobin",
                        SessionAffinity = new() { Enabled = true, Policy = "HashCookie", AffinityKeyName = ".Affinity" },
                        Destinations = new Dictionary<string, DestinationConfig>
                        {
                            ["first"] = new() { Address = first.Root.ToString() },
                            ["second"] = new() { Address = second.Root.ToString() },
                        },
                    },
                ]),
            app => app.MapReverseProxy());
        var services = new ServiceCollection();
        services.AddMcpClient("notes", new Uri(proxy.Uri, "/mcp")).AddClaimInjection();
        services.AddSingleton<Notes>();
        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);
        Notes notes = provider.GetRequiredService<Notes>();
        string[] users = [.. Enumerable.Range(0, 6).Select(number => $"user-{number}")];

        for (int round = 0; round < 3; round++)
        {
            string[] answers = await Task.WhenAll(
                users.Select(user => AmbientIdentity.RunAsync(Users.Named(user), () => notes.WhoAmIAsync())));
            Assert.Equal(users, answers);
        }

        Assert.Equal(users.Length, first.LiveSessions.Count + second.LiveSessions.Count);
        Assert.All([first, second], backend => Assert.NotEmpty(backend.LiveSessions));
        Assert.All(
            first.Exchanges.Concat(second.Exchanges)
                .Where(exchange => exchange.Headers.ContainsKey("Mcp-Session-Id"))
                .GroupBy(exchange => exchange.Headers["Mcp-Session-Id"]),
            session => Assert.Single(session.Select(exchange => exchange.Subject).Distinct()));
    }

    private static HttpClient CreateBrowser(InboundServer proxy) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = proxy.Uri };

    private static Task<InboundServer> StartBackendAsync() => InboundServer.StartAsync(
        services: _ => { },
        app =>
        {
            app.MapGet("/whoami", (HttpContext context) =>
            {
                context.Response.Headers.CacheControl = "max-age=60";
                context.Response.Headers.Vary = "X-User-Sub";
                return $"sub={context.Request.Headers["X-User-Sub"]},alias={context.Request.Headers["X_User_Name"]}";
            });
            app.MapGet("/login", (HttpContext context) =>
            {
                context.Response.Headers.SetCookie = "session=1";
                context.Response.Redirect("/home");
            });
        });

    private static Task<InboundServer> StartProxyAsync(Uri backend) => InboundServer.StartAsync(
        services =>
        {
            services.AddReverseProxy().LoadFromMemory(
                [new RouteConfig { RouteId = "all", ClusterId = "backend", Match = new RouteMatch { Path = "{**path}" } }],
                [
                    new ClusterConfig
                    {
                        ClusterId = "backend",
                        Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = backend.ToString() } },
                    },
                ]);

            // <snippet>
            services.AddHttpContextIdentity();
            services.AddSingleton(new ClaimInjectionOptions
            {
                MissingIdentity = MissingIdentityBehavior.StripHeaders,
                TrustedOrigins = { backend },
            });
            services.AddSingleton<IForwarderHttpClientFactory, IdentityForwarderHttpClientFactory>();
            // </snippet>
        },
        app => app.MapReverseProxy());
}
