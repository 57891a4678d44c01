using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>Redirects and cookies are off on every handler with sockets, whatever the configuration.</summary>
public sealed class PrimaryHandlerTests
{
    public static TheoryData<string, bool> Primaries =>
        TheoryCases.InBothWays("sockets", "client handler", "wrapped sockets", "client handler wrapped twice");

    [Fact]
    public async Task Default_primary_handler_is_hardened()
    {
        await using ServiceProvider services = Services(builder => builder.AddClaimInjection());

        AssertHardened(services.HandlersOf()[^1]);
    }

    [Theory]
    [MemberData(nameof(Primaries))]
    public async Task Configured_primary_handler_is_hardened(string primary, bool before)
    {
        await using ServiceProvider services = Services(builder =>
        {
            if (before)
            {
                builder.ConfigurePrimaryHttpMessageHandler(() => NewPrimary(primary)).AddClaimInjection();
            }
            else
            {
                builder.AddClaimInjection().ConfigurePrimaryHttpMessageHandler(() => NewPrimary(primary));
            }
        });

        AssertHardened(services.HandlersOf()[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Unsafe_settings_are_overridden_and_the_rest_is_kept(bool before)
    {
        static void ConfigureHandler(IHttpClientBuilder builder) => builder.UseSocketsHttpHandler((handler, _) =>
        {
            handler.AllowAutoRedirect = true;
            handler.UseCookies = true;
            handler.MaxConnectionsPerServer = 7;
        });

        await using ServiceProvider services = Services(builder =>
        {
            if (before)
            {
                ConfigureHandler(builder);
            }

            builder.AddClaimInjection();
            if (!before)
            {
                ConfigureHandler(builder);
            }
        });

        SocketsHttpHandler primary = Assert.IsType<SocketsHttpHandler>(services.HandlersOf()[^1]);
        AssertHardened(primary);
        Assert.Equal(7, primary.MaxConnectionsPerServer);
    }

    [Fact]
    public async Task Client_without_claim_injection_keeps_its_primary_handler_unchanged()
    {
        await using ServiceProvider services = Services(builder =>
        {
            builder.AddClaimInjection();
            builder.Services.AddHttpClient("other").UseSocketsHttpHandler();
        });

        SocketsHttpHandler primary = Assert.IsType<SocketsHttpHandler>(services.HandlersOf("other")[^1]);
        Assert.True(primary.AllowAutoRedirect);
        Assert.True(primary.UseCookies);
    }

    [Theory]
    [InlineData(true, false, "UseCookies = false")]
    [InlineData(false, true, "AllowAutoRedirect = false")]
    public async Task Started_primary_handler_with_unsafe_settings_is_an_error(bool cookies, bool redirects, string setting)
    {
        using var shared = new SocketsHttpHandler { UseCookies = cookies, AllowAutoRedirect = redirects };
        await using ServiceProvider services = await ServicesWithStartedAsync(
            shared, services => services.AddHttpClient(WiredClient.Name).AddClaimInjection());

        var failure = Assert.Throws<InvalidOperationException>(() => services.HandlersOf());

        Assert.Equal(
            $"HttpClient '{WiredClient.Name}': its primary handler is already used by HttpClient 'other', and no client's handler is changed "
            + $"under another ({setting}). Give each client a handler of its own, or set {setting} where it is made.",
            failure.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Started_primary_handler_with_unsafe_settings_fails_without_a_container_too(bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync();
        using var started = new SocketsHttpHandler();
        using var others = new HttpMessageInvoker(started, disposeHandler: false);
        await StartAsync(others);
        using HttpMessageInvoker client = HttpTesting.Chain(started, new PropertyAccessor(Users.Alice));

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous));

        Assert.Equal(
            "A client without a name: the primary handler has already sent requests and cannot be changed any more. Set AllowAutoRedirect = "
            + "false where it is made.",
            failure.Message);
        Assert.Empty(server.Heads);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Disposed_primary_handler_is_reported_as_disposed(bool synchronous)
    {
        var disposed = new SocketsHttpHandler();
        disposed.Dispose();
        using HttpMessageInvoker client = HttpTesting.Chain(disposed, new PropertyAccessor(Users.Alice));

        await Assert.ThrowsAsync<ObjectDisposedException>(() =>
            client.SendAsync(HttpTesting.Get("http://localhost/"), synchronous));
    }

    [Theory]
    [InlineData(Wiring.McpClient)]
    [InlineData(Wiring.NamedClient)]
    public async Task Started_primary_handler_with_safe_settings_is_accepted(Wiring wiring)
    {
        await using WireServer server = await WireServer.StartAsync();
        using var shared = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false };
        await using ServiceProvider services = await ServicesWithStartedAsync(
            shared,
            services => (wiring == Wiring.McpClient
                    ? services.AddMcpClient(WiredClient.Name, server.Uri)
                    : services.AddHttpClient(WiredClient.Name))
                .AddClaimInjection(options => options.TrustedOrigins.Add(server.Uri)));

        using HttpClient client = services.CreateHttpClient();
        using HttpResponseMessage response = await client.GetAsync(server.Uri);

        Assert.Equal(["alice"], server.OnlyHead.Values("X-User-Sub"));
    }

    [Fact]
    public async Task Primary_handler_shared_by_two_clients_is_hardened_once()
    {
        await using WireServer server = await WireServer.StartAsync();
        using var shared = new SocketsHttpHandler();
        var services = new ServiceCollection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(Users.Alice));
        foreach (string name in new[] { "one", "two" })
        {
            services.AddMcpClient(name, server.Uri).AddClaimInjection().ConfigurePrimaryHttpMessageHandler(() => shared);
        }

        await using ServiceProvider provider = services.BuildServiceProvider();
        foreach (string name in new[] { "one", "two" })
        {
            using HttpClient client = provider.CreateHttpClient(name);
            using HttpResponseMessage response = await client.GetAsync(server.Uri);
        }

        Assert.Equal(["alice", "alice"], server.Heads.SelectMany(head => head.Values("X-User-Sub")));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Stub_primary_handler_is_unchanged_and_warned_about_once(bool wrapped, bool synchronous)
    {
        var stub = new RecordingHandler();
        await using ServiceProvider services = Services(builder => builder
            .AddClaimInjection(options => options.TrustedOrigins.Add(new Uri("https://backend.test"))));

        for (int i = 0; i < 3; i++)
        {
            // Stands for the factory's rotation of handlers every two minutes.
            using HttpMessageInvoker client = new(NewPipeline(services, wrapped ? new WrappingHandler(stub) : stub), disposeHandler: false);
            using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get("https://backend.test/mcp"), synchronous);
        }

        Assert.Equal(3, stub.Requests.Count);
        Assert.All(stub.Requests, request => Assert.Equal(["alice"], request.Values("X-User-Sub")));
        FakeLogRecord warning = Assert.Single(services.GetFakeLogCollector().GetSnapshot(), log => log.Level == LogLevel.Warning);
        Assert.Contains($"'{WiredClient.Name}'", warning.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(RecordingHandler), warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Supported_primary_handler_is_not_warned_about()
    {
        await using ServiceProvider services = Services(builder => builder.AddClaimInjection());

        _ = services.HandlersOf();

        Assert.DoesNotContain(services.GetFakeLogCollector().GetSnapshot(), log => log.Level >= LogLevel.Warning);
    }

    private static ServiceProvider Services(Action<IHttpClientBuilder> configure)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging());
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(Users.Alice));
        configure(services.AddHttpClient(WiredClient.Name, client => client.BaseAddress = new Uri("https://backend.test")));
        return services.BuildServiceProvider(validateScopes: true);
    }

    /// <summary>Builds the pipeline as the factory does.</summary>
    private static HttpMessageHandler NewPipeline(IServiceProvider services, HttpMessageHandler primary)
    {
        Action<HttpMessageHandlerBuilder> configure = _ => { };
        foreach (IHttpMessageHandlerBuilderFilter filter in services.GetServices<IHttpMessageHandlerBuilderFilter>().Reverse())
        {
            configure = filter.Configure(configure);
        }

        HttpMessageHandlerBuilder builder = services.GetRequiredService<HttpMessageHandlerBuilder>();
        builder.Name = WiredClient.Name;
        builder.PrimaryHandler = primary;
        configure(builder);
        return builder.Build();
    }

    /// <summary>A client with a primary handler that another client has started: its settings can no longer change.</summary>
    private static async Task<ServiceProvider> ServicesWithStartedAsync(
        SocketsHttpHandler shared, Func<IServiceCollection, IHttpClientBuilder> addClient)
    {
        ServiceProvider services = Services(builder =>
        {
            addClient(builder.Services).ConfigurePrimaryHttpMessageHandler(() => shared);
            builder.Services.AddHttpClient("other").ConfigurePrimaryHttpMessageHandler(() => shared);
        });

        using HttpClient other = services.CreateHttpClient("other");
        await StartAsync(other);
        return services;
    }

    private static async Task StartAsync(HttpMessageInvoker client)
    {
        await using WireServer server = await WireServer.StartAsync();
        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), CancellationToken.None);
    }

    private static HttpMessageHandler NewPrimary(string primary) => primary switch
    {
        "sockets" => new SocketsHttpHandler(),
        "client handler" => new HttpClientHandler(),
        "wrapped sockets" => new WrappingHandler(new SocketsHttpHandler()),
        "client handler wrapped twice" => new WrappingHandler(new WrappingHandler(new HttpClientHandler())),
        _ => throw new ArgumentOutOfRangeException(nameof(primary)),
    };

    private static void AssertHardened(HttpMessageHandler primary)
    {
        (bool redirects, bool cookies) = primary switch
        {
            SocketsHttpHandler sockets => (sockets.AllowAutoRedirect, sockets.UseCookies),
            HttpClientHandler handler => (handler.AllowAutoRedirect, handler.UseCookies),
            _ => throw new InvalidOperationException($"Not a handler with sockets: {primary}"),
        };

        Assert.False(redirects);
        Assert.False(cookies);
    }
}
