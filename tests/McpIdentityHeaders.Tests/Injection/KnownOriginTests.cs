using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>How a client's origins are known at start-up, without running code that needs a request, and what happens with none.</summary>
public sealed class KnownOriginTests
{
    private static readonly Uri Backend = new("http://backend.test/mcp");

    public static TheoryData<string, Action<IServiceCollection>> WithoutOrigin => new()
    {
        { "nothing", services => services.AddHttpClient("notes").AddClaimInjection() },
        { "needs a request", services => services.AddHttpClient("notes", NeedRequest).AddClaimInjection() },
        { "needs a request, later", services => services.AddHttpClient("notes").AddClaimInjection().ConfigureHttpClient(NeedRequest) },
        {
            "BaseAddress from services", services => services.AddSingleton(Backend)
                .AddHttpClient("notes", (provider, client) => client.BaseAddress = provider.GetRequiredService<Uri>()).AddClaimInjection()
        },
        {
            "endpoint from services", services => services.AddSingleton(Backend)
                .AddMcpClient("notes").ConfigureHttpClient((provider, client) => client.BaseAddress = provider.GetRequiredService<Uri>())
                .AddClaimInjection()
        },
        {
            "BaseAddress of all clients, from services", services => services.AddSingleton(Backend)
                .ConfigureHttpClientDefaults(builder => builder.ConfigureHttpClient(
                    (provider, client) => client.BaseAddress = provider.GetRequiredService<Uri>()))
                .AddHttpClient("notes").AddClaimInjection()
        },
        { "null", services => services.AddHttpClient("notes", client => client.BaseAddress = null).AddClaimInjection() },
    };

    public static TheoryData<string, Action<IServiceCollection>> WithOrigin => new()
    {
        { "TrustedOrigins", services => services.AddHttpClient("notes").AddClaimInjection(options => options.TrustedOrigins.Add(Backend)) },
        {
            "TrustedOrigins from services", services => services.AddSingleton(Backend)
                .AddHttpClient("notes", (provider, client) => client.BaseAddress = provider.GetRequiredService<Uri>()).AddClaimInjection()
                .Services.AddOptions<ClaimInjectionOptions>("notes").Configure<Uri>((options, uri) => options.TrustedOrigins.Add(uri))
        },
        { "AllowAnyOrigin", services => services.AddHttpClient("notes").AddClaimInjection(options => options.AllowAnyOrigin = true) },
        { "BaseAddress", services => services.AddHttpClient("notes", client => client.BaseAddress = Backend).AddClaimInjection() },
        {
            "BaseAddress beside what needs a request", services => services.AddHttpClient("notes", NeedRequest)
                .ConfigureHttpClient(client => client.BaseAddress = Backend).AddClaimInjection()
        },
        {
            "BaseAddress of all clients", services => services
                .ConfigureHttpClientDefaults(builder => builder.ConfigureHttpClient(client => client.BaseAddress = Backend))
                .AddHttpClient("notes").AddClaimInjection()
        },
        { "endpoint", services => services.AddMcpClient("notes", Backend).AddClaimInjection() },
        {
            "endpoint beside what needs a request",
            services => services.AddMcpClient("notes", Backend).ConfigureHttpClient(NeedRequest).AddClaimInjection()
        },
    };

    [Theory]
    [MemberData(nameof(WithoutOrigin), DisableDiscoveryEnumeration = true)]
    public async Task Client_without_an_origin_is_refused_at_startup_with_the_ways_out(string origin, Action<IServiceCollection> add)
    {
        using IHost host = NewHost(add);

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.NotEmpty(origin);
        Assert.StartsWith("HttpClient 'notes': no origin is known", refused.Message, StringComparison.Ordinal);
        Assert.All(
            ["BaseAddress", "TrustedOrigins", "AllowAnyOrigin"], way => Assert.Contains(way, refused.Message, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(WithoutOrigin), DisableDiscoveryEnumeration = true)]
    public async Task Client_without_an_origin_is_refused_at_first_use_without_a_host(string origin, Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IHttpContextAccessor, HttpContextAccessor>();
        add(services);
        await using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Throws<OptionsValidationException>(() => provider.CreateHttpClient("notes"));
        Assert.NotEmpty(origin);
    }

    [Theory]
    [MemberData(nameof(WithOrigin), DisableDiscoveryEnumeration = true)]
    public async Task Client_with_an_origin_starts_and_sends_identities_there(string origin, Action<IServiceCollection> add)
    {
        var backend = new RecordingHandler();
        using IHost host = NewHost(services =>
        {
            add(services);
            services.AddHttpClient("notes").ConfigurePrimaryHttpMessageHandler(() => backend);
        });
        await host.StartAsync();

        host.Services.GetRequiredService<IHttpContextAccessor>().HttpContext = new DefaultHttpContext();
        using HttpClient client = host.Services.CreateHttpClient("notes");
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        using HttpResponseMessage response = await client.GetAsync(Backend);

        Assert.NotEmpty(origin);
        Assert.Equal(["alice"], backend.Only.Values("X-User-Sub"));
    }

    [Theory]
    [InlineData("endpoint")]
    [InlineData("TrustedOrigins")]
    [InlineData("BaseAddress")]
    [InlineData("nothing")]
    public async Task Configuration_that_uses_services_runs_for_real_clients_only(string origin)
    {
        int runs = 0;
        using IHost host = NewHost(services => (origin switch
        {
            "endpoint" => services.AddMcpClient("notes", Backend).AddClaimInjection(),
            "TrustedOrigins" => services.AddHttpClient("notes").AddClaimInjection(options => options.TrustedOrigins.Add(Backend)),
            "BaseAddress" => services.AddHttpClient("notes", client => client.BaseAddress = Backend).AddClaimInjection(),
            _ => services.AddHttpClient("notes").AddClaimInjection(),
        })
            .ConfigureHttpClient((_, client) =>
            {
                runs++;
                client.BaseAddress = Backend;
            }));

        Exception? refused = await Record.ExceptionAsync(() => host.StartAsync());

        Assert.Equal(origin == "nothing", refused is OptionsValidationException);
        Assert.Equal(0, runs);
        if (refused is null)
        {
            host.Services.CreateHttpClient("notes").Dispose();
            Assert.Equal(1, runs);
        }
    }

    [Fact]
    public async Task Code_that_fails_where_it_is_asked_for_the_BaseAddress_is_logged()
    {
        var logs = new FakeLogCollector();
        using IHost host = NewHost(services => services
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(logs)))
            .AddHttpClient("notes", _ => throw new InvalidDataException("alice"))
            .ConfigureHttpClient(client => client.BaseAddress = Backend).AddClaimInjection());

        await host.StartAsync();

        FakeLogRecord line = Assert.Single(logs.GetSnapshot(), record => record.Id.Name == "BaseAddressUnknown");
        Assert.Equal(LogLevel.Debug, line.Level);
        Assert.Contains("HttpClient 'notes'", line.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(InvalidDataException), line.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", $"{line.Message} {line.Exception}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task BaseAddress_that_only_a_request_tells_is_not_trusted_by_itself()
    {
        var backend = new RecordingHandler();
        var services = new ServiceCollection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(Users.Alice));
        services.AddSingleton(new Uri("http://elsewhere.test/"));
        services.AddHttpClient("notes", (provider, client) => client.BaseAddress = provider.GetRequiredService<Uri>())
            .AddClaimInjection(options => options.TrustedOrigins.Add(Backend))
            .ConfigurePrimaryHttpMessageHandler(() => backend);
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient client = provider.CreateHttpClient("notes");

        using HttpResponseMessage elsewhere = await client.GetAsync(new Uri("/", UriKind.Relative));

        Assert.Empty(backend.Only.Identity);
    }

    [Theory]
    [InlineData("https+http://notes", "https+http://notes")]
    [InlineData("https+http://user:secret@notes/path?token=secret", "https+http://notes")]
    [InlineData("ftp://notes", "ftp://notes")]
    public async Task BaseAddress_of_a_scheme_without_requests_is_refused_by_name(string address, string named)
    {
        using IHost host =
            NewHost(services => services.AddHttpClient("notes", client => client.BaseAddress = new Uri(address)).AddClaimInjection());

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("HttpClient 'notes'", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"'{named}'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ws://backend.test", "ws://backend.test/chat", true)]
    [InlineData("wss://backend.test", "wss://backend.test/chat", true)]
    [InlineData("ws://backend.test", "wss://backend.test/chat", false)]
    [InlineData("http://backend.test", "ws://backend.test/chat", false)]
    [InlineData("ws://backend.test:81", "ws://backend.test/chat", false)]
    public async Task WebSocket_origin_is_trusted_by_its_own_name(string trusted, string uri, bool carries)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(
            backend, new PropertyAccessor(Users.Alice), options => options.TrustedOrigins.Add(new Uri(trusted)));

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(uri), synchronous: false);

        Assert.Equal(carries, backend.Only.Has("X-User-Sub"));
    }

    [Fact]
    public async Task RequireHttps_refuses_a_plain_WebSocket()
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client =
            HttpTesting.Chain(backend, new PropertyAccessor(Users.Alice), options => options.RequireHttps = true);

        await Assert.ThrowsAsync<ClaimInjectionException>(
            () => client.SendAsync(HttpTesting.Get("ws://backend.test/"), synchronous: false));
        using HttpResponseMessage secure = await client.SendAsync(HttpTesting.Get("wss://backend.test/"), synchronous: false);

        Assert.Equal("wss", backend.Only.Uri!.Scheme);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Handshake_of_a_ClientWebSocket_carries_the_identity(bool trusted)
    {
        await using WireServer server = await WireServer.StartAsync();
        var origin = new UriBuilder(server.Uri) { Scheme = "ws" };
        var services = new ServiceCollection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(Users.Alice));
        services.AddHttpClient("chat").AddClaimInjection(options => options.TrustedOrigins.Add(trusted ? origin.Uri : server.Uri));
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient client = provider.CreateHttpClient("chat");
        using var socket = new System.Net.WebSockets.ClientWebSocket();

        // The server speaks no WebSocket: the handshake is all that is looked at.
        await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(
            () => socket.ConnectAsync(origin.Uri, client, CancellationToken.None));

        Assert.Equal(trusted ? ["alice"] : [], server.OnlyHead.Values("X-User-Sub"));
    }

    private static void NeedRequest(IServiceProvider services, HttpClient client) => client.DefaultRequestHeaders.Add(
        "X-Trace", services.GetRequiredService<IHttpContextAccessor>().HttpContext!.TraceIdentifier);

    private static IHost NewHost(Action<IServiceCollection> add)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<IHttpContextAccessor, HttpContextAccessor>();
        add(builder.Services);
        return builder.Build();
    }
}
