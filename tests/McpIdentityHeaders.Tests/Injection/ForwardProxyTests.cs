using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Plain http goes through a forward proxy in clear text, loopback included.</summary>
public sealed class ForwardProxyTests
{
    public static TheoryData<string, bool> Primaries => TheoryCases.InBothWays("sockets", "client handler", "wrapped");

    [Theory]
    [MemberData(nameof(Primaries))]
    public async Task RequireHttps_refuses_loopback_over_plain_http_through_a_proxy(string primary, bool container)
    {
        await using WireServer proxy = await WireServer.StartAsync();
        await using ServiceProvider services = Services(NewPrimary(primary, ProxyAt(proxy)), options => options.RequireHttps = true);
        using HttpMessageInvoker client = container
            ? services.CreateHttpClient()
            : HttpTesting.Chain(
                NewPrimary(primary, ProxyAt(proxy)), new PropertyAccessor(Users.Alice), options => options.RequireHttps = true);

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(
            () => client.SendAsync(HttpTesting.Get("http://localhost:9/"), synchronous: false));

        Assert.Contains("RequireHttps", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'localhost'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", refused.Message, StringComparison.Ordinal);
        Assert.Empty(proxy.Heads);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9/")]
    [InlineData("http://[::1]:9/")]
    [InlineData("http://127.8.9.10:9/")]
    [InlineData("ws://localhost:9/")]
    [InlineData("http://backend.test/")]
    public async Task RequireHttps_refuses_every_plain_address_through_a_proxy(string uri)
    {
        await using WireServer proxy = await WireServer.StartAsync();
        using HttpMessageInvoker client = HttpTesting.Chain(
            NewPrimary("sockets", ProxyAt(proxy)), new PropertyAccessor(Users.Alice), options => options.RequireHttps = true);

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(uri), synchronous: false));

        Assert.Equal(ClaimInjectionErrorReason.InsecureTransport, refused.Reason);
        Assert.Contains("the proxy 'localhost' reads", refused.Message, StringComparison.Ordinal);
        Assert.Empty(proxy.Heads);
    }

    [Fact]
    public async Task RequireHttps_allows_the_tunnel_of_https_through_a_proxy_that_sees_no_identity()
    {
        await using WireServer proxy = await WireServer.StartAsync(context =>
        {
            context.Response.StatusCode = 403;
            return Task.CompletedTask;
        });
        using HttpMessageInvoker client = HttpTesting.Chain(
            NewPrimary("sockets", ProxyAt(proxy)), new PropertyAccessor(Users.Alice), options => options.RequireHttps = true);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(HttpTesting.Get("https://localhost:9/"), synchronous: false));

        Assert.All(proxy.Heads, head => Assert.Empty(head.Values("X-User-Sub")));
        Assert.NotEmpty(proxy.Heads);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task RequireHttps_refuses_plain_http_through_the_default_proxy_of_a_client_handler(bool usesProxy)
    {
        await using WireServer proxy = await WireServer.StartAsync();
        const string Host = "127.77.1.2";
        IWebProxy before = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = new OneHostProxy(Host, ProxyAt(proxy));
        try
        {
            using HttpMessageInvoker client = HttpTesting.Chain(
                new HttpClientHandler { UseProxy = usesProxy }, new PropertyAccessor(Users.Alice), options => options.RequireHttps = true);

            // Loopback, where nothing listens: without a proxy, it is sent and fails.
            Exception? refused = await Record.ExceptionAsync(
                () => client.SendAsync(HttpTesting.Get($"http://{Host}:9/"), synchronous: false));

            Assert.IsType(usesProxy ? typeof(ClaimInjectionException) : typeof(HttpRequestException), refused);
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task RequireHttps_refuses_plain_http_through_the_default_proxy(bool synchronous)
    {
        await using WireServer proxy = await WireServer.StartAsync();
        IWebProxy before = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = new OneHostProxy("default-proxied.localhost", ProxyAt(proxy));
        try
        {
            using HttpMessageInvoker client = HttpTesting.Chain(
                new SocketsHttpHandler(), new PropertyAccessor(Users.Alice), options => options.RequireHttps = true);

            await Assert.ThrowsAsync<ClaimInjectionException>(
                () => client.SendAsync(HttpTesting.Get("http://default-proxied.localhost/"), synchronous));
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }

        Assert.Empty(proxy.Heads);
    }

    [Theory]
    [InlineData("bypassed")]
    [InlineData("not used")]
    [InlineData("fails")]
    public async Task RequireHttps_allows_loopback_that_takes_no_proxy(string kind)
    {
        await using WireServer server = await WireServer.StartAsync();
        using var primary = new SocketsHttpHandler
        {
            UseProxy = kind != "not used",
            Proxy = kind switch
            {
                "bypassed" => new WebProxy(new Uri("http://proxy.test:3128"), BypassOnLocal: true),
                "fails" => new FailingProxy(),
                _ => new WebProxy(new Uri("http://proxy.test:3128")),
            },
        };
        using HttpMessageInvoker client =
            HttpTesting.Chain(primary, new PropertyAccessor(Users.Alice), options => options.RequireHttps = true);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous: false);

        Assert.Equal(["alice"], server.OnlyHead.Values("X-User-Sub"));
    }

    [Theory]
    [InlineData("http://localhost:9/")]
    [InlineData("http://backend.test/")]
    public async Task Warning_about_plain_http_names_the_proxy_without_its_credentials(string uri)
    {
        await using WireServer proxy = await WireServer.StartAsync();
        await using ServiceProvider services = Services(NewPrimary("sockets", ProxyAt(proxy)), _ => { });
        using HttpClient client = services.CreateHttpClient();

        using HttpResponseMessage response = await client.GetAsync(new Uri(uri));

        Assert.Equal(["alice"], proxy.OnlyHead.Values("X-User-Sub"));
        FakeLogRecord warning = Assert.Single(services.GetFakeLogCollector().GetSnapshot(), log => log.Id.Name == "PlainHttp");
        Assert.Contains("the proxy 'localhost'", warning.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", warning.Message, StringComparison.Ordinal);
    }

    private static Uri ProxyAt(WireServer server) => new UriBuilder(server.Uri) { Path = "/", UserName = "user", Password = "s3cr3t" }.Uri;

    private static HttpMessageHandler NewPrimary(string primary, Uri proxy) => primary switch
    {
        "sockets" => new SocketsHttpHandler { Proxy = new WebProxy(proxy) },
        "client handler" => new HttpClientHandler { Proxy = new WebProxy(proxy) },
        "wrapped" => new WrappingHandler(new SocketsHttpHandler { Proxy = new WebProxy(proxy) }),
        _ => throw new ArgumentOutOfRangeException(nameof(primary)),
    };

    private static ServiceProvider Services(HttpMessageHandler primary, Action<ClaimInjectionOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging());
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(Users.Alice));
        services.AddHttpClient(WiredClient.Name)
            .ConfigurePrimaryHttpMessageHandler(() => primary)
            .AddClaimInjection(options =>
            {
                options.AllowAnyOrigin = true;
                configure(options);
            });
        return services.BuildServiceProvider();
    }

    /// <summary>For one host, so that it serves no test beside.</summary>
    private sealed class OneHostProxy(string host, Uri proxy) : IWebProxy
    {
        public ICredentials? Credentials { get; set; }

        public Uri? GetProxy(Uri destination) => proxy;

        public bool IsBypassed(Uri destination) => destination.Host != host;
    }

    private sealed class FailingProxy : IWebProxy
    {
        public ICredentials? Credentials { get; set; }

        public Uri? GetProxy(Uri destination) => throw new InvalidOperationException("no proxy today");

        public bool IsBypassed(Uri host) => false;
    }
}
