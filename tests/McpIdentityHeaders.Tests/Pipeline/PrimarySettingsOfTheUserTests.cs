using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>What the application set on its primary handler counts, and what is overruled is logged.</summary>
public sealed class PrimarySettingsOfTheUserTests
{
    public static TheoryData<string, bool> Primaries => TheoryCases.InBothWays("sockets", "client handler", "wrapped sockets");

    [Theory]
    [MemberData(nameof(Primaries))]
    public async Task No_redirect_is_followed_where_the_primary_follows_none(string primary, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 307, "/next"));
        await using ServiceProvider services = Services(server, () => NewPrimary(primary, allows: false));
        using HttpClient client = services.CreateHttpClient();

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal("/next", response.Headers.Location?.ToString());
        Assert.Equal(["alice"], server.OnlyHead.Values("X-User-Sub"));
    }

    [Fact]
    public async Task No_redirect_is_followed_by_later_pipelines_on_the_same_primary_either()
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 302, "/next"));
        using var shared = new SocketsHttpHandler { AllowAutoRedirect = false };
        foreach (int _ in Enumerable.Range(0, 2))
        {
            await using ServiceProvider services = Services(server, () => shared);
            using HttpClient client = services.CreateHttpClient();

            using HttpResponseMessage response = await client.GetAsync(server.Uri);

            Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("sockets", 2, 10, 2)]
    [InlineData("client handler", 2, 10, 2)]
    [InlineData("wrapped sockets", 50, 3, 3)]
    [InlineData("sockets", 3, 0, 0)]
    public async Task Smaller_limit_of_primary_and_options_counts(string primary, int ofPrimary, int ofOptions, int expected)
    {
        await using WireServer server = await WireServer.StartAsync(context =>
        {
            context.Response.StatusCode = StatusCodes.Status302Found;
            context.Response.Headers.Location = $"/{GetNextHop(context)}";
            return Task.CompletedTask;
        });
        await using ServiceProvider services = Services(
            server, () => NewPrimary(primary, max: ofPrimary), options => options.MaxRedirections = ofOptions);
        using HttpClient client = services.CreateHttpClient();

        using HttpResponseMessage response = await client.GetAsync(server.Uri);

        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal(expected + 1, server.Heads.Count);

        static int GetNextHop(HttpContext context) =>
            int.TryParse(context.Request.Path.Value![1..], CultureInfo.InvariantCulture, out int hop) ? hop + 1 : 1;
    }

    [Theory]
    [InlineData("sockets", true)]
    [InlineData("sockets", false)]
    [InlineData("client handler", true)]
    [InlineData("client handler", false)]
    [InlineData("wrapped sockets", true)]
    [InlineData("wrapped sockets", false)]
    public async Task Primary_shared_with_a_plain_client_is_refused_in_either_order(string primary, bool plainFirst)
    {
        HttpMessageHandler shared = NewPrimary(primary);
        await using ServiceProvider services = Services(plain: () => shared, identity: () => shared);
        (string first, string second) = plainFirst ? ("plain", WiredClient.Name) : (WiredClient.Name, "plain");
        services.HandlersOf(first);

        var refused = Assert.Throws<InvalidOperationException>(() => services.HandlersOf(second));

        (string relation, string[] settings) = plainFirst
            ? ("is already used by", ["AllowAutoRedirect = false", "UseCookies = false"])
            : ("was changed for", new[] { "AllowAutoRedirect = false" });
        Assert.Equal(
            $"HttpClient '{second}': its primary handler {relation} HttpClient '{first}', and no client's handler is changed under another "
            + $"({string.Join(", ", settings)}). Give each client a handler of its own, or set {string.Join(" and ", settings)} where it is "
            + "made.",
            refused.Message);
        Assert.Equal(plainFirst, GetAllowAutoRedirect(shared));
    }

    public static TheoryData<string, bool> SharedWays =>
        TheoryCases.InBothWays("singleton", "keyed", "wrapped by each", "additional handlers");

    [Theory]
    [MemberData(nameof(SharedWays))]
    public async Task Primary_that_two_clients_take_from_the_container_is_refused_in_either_order(string way, bool plainFirst)
    {
        ServiceCollection collection = NewServices();
        collection.AddSingleton(new SocketsHttpHandler());
        collection.AddKeyedSingleton("key", (_, _) => new SocketsHttpHandler());
        IHttpClientBuilder plain = collection.AddHttpClient("plain").ConfigurePrimaryHttpMessageHandler(Get);
        IHttpClientBuilder identity = collection.AddHttpClient(WiredClient.Name)
            .AddClaimInjection(options => options.AllowAnyOrigin = true)
            .ConfigurePrimaryHttpMessageHandler(Get);
        if (way == "additional handlers")
        {
            plain.AddHttpMessageHandler(() => new PlainHandler());
            identity.AddHttpMessageHandler(() => new PlainHandler());
        }

        await using ServiceProvider services = collection.BuildServiceProvider();
        (string first, string second) = plainFirst ? ("plain", WiredClient.Name) : (WiredClient.Name, "plain");
        services.HandlersOf(first);

        var refused = Assert.Throws<InvalidOperationException>(() => services.HandlersOf(second));

        Assert.Contains("Give each client a handler of its own", refused.Message, StringComparison.Ordinal);

        HttpMessageHandler Get(IServiceProvider services) => way switch
        {
            "keyed" => services.GetRequiredKeyedService<SocketsHttpHandler>("key"),
            "wrapped by each" => new WrappingHandler(services.GetRequiredService<SocketsHttpHandler>()),
            _ => services.GetRequiredService<SocketsHttpHandler>(),
        };
    }

    [Theory]
    [InlineData("before", false)]
    [InlineData("after", false)]
    [InlineData("before", true)]
    [InlineData("after", true)]
    public async Task Redirects_turned_off_by_UseSocketsHttpHandler_stay_off(string order, bool isMcp)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 307, "/next"));
        ServiceCollection collection = NewServices();
        IHttpClientBuilder builder = isMcp
            ? collection.AddMcpClient(WiredClient.Name, server.Uri)
            : collection.AddHttpClient(WiredClient.Name);
        if (order == "after")
        {
            builder.AddClaimInjection(options => options.TrustedOrigins.Add(server.Uri));
        }

        builder.UseSocketsHttpHandler((handler, _) => handler.AllowAutoRedirect = false);
        if (order == "before")
        {
            builder.AddClaimInjection(options => options.TrustedOrigins.Add(server.Uri));
        }

        await using ServiceProvider services = collection.BuildServiceProvider();
        using HttpClient client = services.CreateHttpClient();

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()));

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(server.Heads);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Primary_shared_with_a_plain_client_serves_both_where_nothing_is_to_change(bool plainFirst)
    {
        using var shared = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        await using ServiceProvider services = Services(plain: () => shared, identity: () => shared);

        services.HandlersOf(plainFirst ? "plain" : WiredClient.Name);
        services.HandlersOf(plainFirst ? WiredClient.Name : "plain");

        Assert.False(shared.AllowAutoRedirect || shared.UseCookies);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Overruled_cookies_are_logged_once_a_client(bool cookies, int expected)
    {
        await using WireServer server = await WireServer.StartAsync();
        await using ServiceProvider services = Services(server, () => new SocketsHttpHandler());

        // As the factory does whenever a handler's lifetime is over.
        foreach (int _ in Enumerable.Range(0, 3))
        {
            HttpMessageHandlerBuilder builder = services.GetRequiredService<HttpMessageHandlerBuilder>();
            builder.Name = WiredClient.Name;
            builder.PrimaryHandler = new SocketsHttpHandler { UseCookies = cookies };
            builder.Build().Dispose();
        }

        FakeLogRecord[] overruled = [.. services.GetFakeLogCollector().GetSnapshot().Where(log => log.Id.Name == "CookiesOverruled")];
        Assert.Equal(expected, overruled.Length);
        Assert.All(overruled, log => Assert.Equal((31, LogLevel.Information), (log.Id.Id, log.Level)));
    }

    [Fact]
    public async Task Cookies_of_the_factorys_own_primary_handler_are_off_without_a_word()
    {
        ServiceCollection collection = NewServices();
        collection.AddMcpClient(WiredClient.Name, new Uri("http://backend.test/mcp")).AddClaimInjection();
        await using ServiceProvider services = collection.BuildServiceProvider();

        var primary = Assert.IsType<SocketsHttpHandler>(services.HandlersOf()[^1]);

        Assert.False(primary.UseCookies);
        Assert.DoesNotContain(services.GetFakeLogCollector().GetSnapshot(), log => log.Id.Name == "CookiesOverruled");
    }

    private static ServiceProvider Services(
        WireServer server, Func<HttpMessageHandler> primary, Action<ClaimInjectionOptions>? configure = null)
    {
        ServiceCollection services = NewServices();
        services.AddHttpClient(WiredClient.Name)
            .ConfigurePrimaryHttpMessageHandler(primary)
            .AddClaimInjection(options =>
            {
                options.TrustedOrigins.Add(server.Uri);
                configure?.Invoke(options);
            });
        return services.BuildServiceProvider();
    }

    private static ServiceProvider Services(Func<HttpMessageHandler> plain, Func<HttpMessageHandler> identity)
    {
        ServiceCollection services = NewServices();
        services.AddHttpClient("plain").ConfigurePrimaryHttpMessageHandler(plain);
        services.AddHttpClient(WiredClient.Name)
            .ConfigurePrimaryHttpMessageHandler(identity)
            .AddClaimInjection(options => options.TrustedOrigins.Add(new Uri(HttpTesting.Endpoint)));
        return services.BuildServiceProvider();
    }

    private static ServiceCollection NewServices()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging());
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(Users.Alice));
        return services;
    }

    private static HttpMessageHandler NewPrimary(string primary, bool allows = true, int max = 50) => primary switch
    {
        "sockets" => new SocketsHttpHandler { AllowAutoRedirect = allows, MaxAutomaticRedirections = max },
        "client handler" => new HttpClientHandler { AllowAutoRedirect = allows, MaxAutomaticRedirections = max },
        "wrapped sockets" => new WrappingHandler(NewPrimary("sockets", allows, max)),
        _ => throw new ArgumentOutOfRangeException(nameof(primary)),
    };

    private static bool GetAllowAutoRedirect(HttpMessageHandler handler) => handler switch
    {
        SocketsHttpHandler sockets => sockets.AllowAutoRedirect,
        HttpClientHandler client => client.AllowAutoRedirect,
        DelegatingHandler { InnerHandler: { } inner } => GetAllowAutoRedirect(inner),
        _ => throw new ArgumentOutOfRangeException(nameof(handler)),
    };

    private sealed class PlainHandler : DelegatingHandler;
}
