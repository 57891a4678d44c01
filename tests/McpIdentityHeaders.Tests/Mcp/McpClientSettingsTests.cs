using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Clients with settings from configuration: bound, validated, followed.</summary>
public sealed class McpClientSettingsTests
{
    [Fact]
    public void Every_setting_binds()
    {
        Dictionary<string, string?> settings = new()
        {
            ["Endpoint"] = "http://backend.test/mcp",
            ["TransportMode"] = "Sse",
            ["Name"] = "the backend",
            ["ConnectionTimeout"] = "00:00:07",
            ["EnableStandaloneGetStream"] = "False",
            ["OwnsSession"] = "False",
            ["MaxReconnectionAttempts"] = "9",
            ["DefaultReconnectionInterval"] = "00:00:03",
        };
        using ServiceProvider services = ServicesFor(Configuration([.. settings, new("AdditionalHeaders:X-Tenant", "blue")]));

        HttpClientTransportOptions bound = Bound(services);

        // All that the SDK has, so that a setting it adds is noticed here.
        Assert.Equal(
            settings,
            typeof(HttpClientTransportOptions).GetProperties()
                .ExceptBy([nameof(bound.OAuth), nameof(bound.KnownSessionId), nameof(bound.AdditionalHeaders)], property => property.Name)
                .ToDictionary(
                    property => property.Name, property => Convert.ToString(property.GetValue(bound), CultureInfo.InvariantCulture)));
        Assert.Equal([KeyValuePair.Create("X-Tenant", "blue")], bound.AdditionalHeaders!);
    }

    [Fact]
    public void Settings_that_are_not_configured_stay_as_code_set_them()
    {
        using ServiceProvider services = ServicesFor(
            Configuration([new("Endpoint", HttpTesting.Endpoint), new("AdditionalHeaders:X-Tenant", "blue")]),
            services => services.AddMcpClient(McpTesting.ClientName, options =>
            {
                options.MaxReconnectionAttempts = 9;
                options.AdditionalHeaders = new Dictionary<string, string> { ["X-Region"] = "north" };
            }));

        HttpClientTransportOptions bound = Bound(services);

        Assert.Equal((9, HttpTransportMode.AutoDetect, TimeSpan.FromSeconds(30)),
            (bound.MaxReconnectionAttempts, bound.TransportMode, bound.ConnectionTimeout));
    }

    [Fact]
    public void Header_configured_in_another_case_replaces_the_one_in_code()
    {
        using ServiceProvider services = ServicesFor(
            Configuration([new("Endpoint", HttpTesting.Endpoint), new("AdditionalHeaders:x-tenant", "new")]),
            services => services.AddMcpClient(
                McpTesting.ClientName, options => options.AdditionalHeaders = new Dictionary<string, string> { ["X-Tenant"] = "old" }));

        Assert.Equal(["new"], Bound(services).AdditionalHeaders!.Values);
    }

    [Fact]
    public void Endpoint_that_the_sdk_refuses_is_refused_by_the_clients_name()
    {
        var services = new ServiceCollection();
        services.AddMcpClient(McpTesting.ClientName, options => options.Endpoint = new Uri("ftp://backend.test/")).AddClaimInjection();
        using ServiceProvider provider = services.BuildServiceProvider();

        var refused = Assert.Throws<OptionsValidationException>(
            () => provider.GetRequiredService<IHttpClientFactory>().CreateClient(McpTesting.ClientName));

        Assert.Contains($"'{McpTesting.ClientName}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_configured_for_one_client_are_not_added_to_a_dictionary_that_code_shares()
    {
        var shared = new Dictionary<string, string> { ["X-Region"] = "north" };
        using ServiceProvider services = ServicesFor(
            Configuration([new("Endpoint", HttpTesting.Endpoint), new("AdditionalHeaders:X-Tenant", "blue")]),
            services => services.AddMcpClient(McpTesting.ClientName, options => options.AdditionalHeaders = shared));

        Assert.Equal(["X-Tenant", "X-Region"], Bound(services).AdditionalHeaders!.Keys.OrderDescending());
        Assert.Equal(["X-Region"], shared.Keys);
    }

    [Fact]
    public async Task Reload_gives_the_next_session_the_new_endpoint_and_its_origin_the_identity()
    {
        await using McpBackend older = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using McpBackend newer = await McpBackend.StartAsync(McpBackendKind.Stateless);
        IConfigurationRoot configuration = Configuration([new("Endpoint", older.Endpoint.ToString())]);
        await using ServiceProvider services = ServicesFor(configuration);
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        await using McpClient first = await services.ConnectAsync();
        await first.CallTextAsync("ping");

        Set(configuration, "Endpoint", newer.Endpoint.ToString());
        await using McpClient second = await services.ConnectAsync();

        Assert.Equal("alice", await second.CallTextAsync("whoami"));
        Assert.Single(newer.Calls());

        // A session stays where it is.
        await first.CallTextAsync("ping");
        Assert.Equal(2, older.Calls().Count());
    }

    [Theory]
    [InlineData("Endpoint", "/mcp")]
    [InlineData("Endpoint", "ftp://backend.test/mcp")]
    [InlineData("TransportMode", "Pigeon")]
    [InlineData("ConnectionTimeout", "soon")]
    public async Task Invalid_reload_is_logged_keeps_the_last_valid_settings_and_never_throws(string setting, string value)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        IConfigurationRoot configuration = Configuration([new("Endpoint", backend.Endpoint.ToString())]);
        await using ServiceProvider services = ServicesFor(configuration);
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        await using McpClient first = await services.ConnectAsync();
        FakeLogCollector logs = services.GetFakeLogCollector();

        Set(configuration, setting, value);

        Assert.Contains(logs.GetSnapshot(), log => log.Level == LogLevel.Error && log.Message.Contains($"'{McpTesting.ClientName}'")
            && log.Exception!.Message.Contains(setting));
        await using McpClient second = await services.ConnectAsync();
        Assert.Equal("alice", await second.CallTextAsync("whoami"));
        Assert.Equal("alice", await first.CallTextAsync("whoami"));
    }

    [Fact]
    public async Task Valid_reload_after_an_invalid_one_is_in_force()
    {
        await using McpBackend older = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using McpBackend newer = await McpBackend.StartAsync(McpBackendKind.Stateless);
        IConfigurationRoot configuration = Configuration([new("Endpoint", older.Endpoint.ToString())]);
        await using ServiceProvider services = ServicesFor(configuration);
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        await using McpClient first = await services.ConnectAsync();

        Set(configuration, "Endpoint", "nowhere");
        Set(configuration, "Endpoint", newer.Endpoint.ToString());
        await using McpClient second = await services.ConnectAsync();

        Assert.Equal("alice", await second.CallTextAsync("whoami"));
        Assert.Single(newer.Calls());
    }

    [Fact]
    public async Task Reload_that_claim_injection_refuses_keeps_the_last_valid_endpoint_too()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        IConfigurationRoot configuration = Configuration([new("Endpoint", backend.Endpoint.ToString())]);
        await using ServiceProvider services = ServicesFor(
            configuration,
            services => services.AddHttpClient(McpTesting.ClientName).AddClaimInjection(options => options.RequireHttps = true));
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        await using McpClient first = await services.ConnectAsync();

        Set(configuration, "Endpoint", HttpTesting.Endpoint);
        await using McpClient second = await services.ConnectAsync();

        Assert.Equal("alice", await second.CallTextAsync("whoami"));
    }

    [Fact]
    public async Task Settings_invalid_at_first_use_are_refused_until_they_are_valid()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        IConfigurationRoot configuration = Configuration([new("Endpoint", "nowhere")]);
        await using ServiceProvider services = ServicesFor(configuration);

        Exception error = await Assert.ThrowsAnyAsync<Exception>(services.ConnectAsync);
        Assert.Contains("Backend:Endpoint", error.Message, StringComparison.Ordinal);

        Set(configuration, "Endpoint", "nowhere either");
        Set(configuration, "Endpoint", backend.Endpoint.ToString());
        await using McpClient client = await services.ConnectAsync();
        Assert.Equal("anonymous", await client.CallTextAsync("whoami"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Known_session_id_is_refused_at_startup(bool configured)
    {
        HostApplicationBuilder builder = NewHost();
        AddWithKnownSessionId(builder.Services, configured);
        using IHost host = builder.Build();

        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("KnownSessionId", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{McpTesting.ClientName}'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Known_session_id_is_refused_at_first_use_without_a_host(bool configured)
    {
        var collection = new ServiceCollection();
        AddWithKnownSessionId(collection, configured);
        await using ServiceProvider services = collection.BuildServiceProvider();

        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(services.ConnectAsync);

        Assert.Contains("KnownSessionId", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_settings_are_refused_at_startup()
    {
        HostApplicationBuilder builder = NewHost();
        builder.Services.AddMcpClient(McpTesting.ClientName, Configuration([new("Endpoint", "nowhere")]).GetSection("Backend"));
        using IHost host = builder.Build();

        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("Backend:Endpoint", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_reload_in_a_started_host_never_throws()
    {
        IConfigurationRoot configuration = Configuration([new("Endpoint", HttpTesting.Endpoint)]);
        HostApplicationBuilder builder = NewHost();
        builder.Services.AddMcpClient(McpTesting.ClientName, configuration.GetSection("Backend")).AddClaimInjection();
        builder.Logging.AddFakeLogging();
        using IHost host = builder.Build();
        await host.StartAsync();

        Set(configuration, "Endpoint", "nowhere");

        Assert.Contains(host.Services.GetFakeLogCollector().GetSnapshot(), log => log.Level == LogLevel.Error && log.Exception is not null);
    }

    private static void AddWithKnownSessionId(IServiceCollection services, bool configured)
    {
        if (configured)
        {
            KeyValuePair<string, string?>[] settings = [new("Endpoint", HttpTesting.Endpoint), new("KnownSessionId", "1")];
            services.AddMcpClient(McpTesting.ClientName, Configuration(settings).GetSection("Backend"));
        }
        else
        {
            services.AddMcpClient(McpTesting.ClientName, new Uri(HttpTesting.Endpoint));
            services.Configure<HttpClientTransportOptions>(McpTesting.ClientName, options => options.KnownSessionId = "1");
        }
    }

    private static HostApplicationBuilder NewHost() =>
        Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });

    private static HttpClientTransportOptions Bound(IServiceProvider services) =>
        services.GetRequiredService<IOptionsMonitor<HttpClientTransportOptions>>().Get(McpTesting.ClientName);

    private static ServiceProvider ServicesFor(IConfiguration configuration, Action<IServiceCollection>? before = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging());
        before?.Invoke(services);
        services.AddMcpClient(McpTesting.ClientName, configuration.GetSection("Backend")).AddClaimInjection();
        return services.BuildServiceProvider();
    }

    private static IConfigurationRoot Configuration(IEnumerable<KeyValuePair<string, string?>> settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Backend:{setting.Key}", setting.Value)))
        .Build();

    private static void Set(IConfigurationRoot configuration, string setting, string value)
    {
        configuration[$"Backend:{setting}"] = value;
        configuration.Reload();
    }
}
