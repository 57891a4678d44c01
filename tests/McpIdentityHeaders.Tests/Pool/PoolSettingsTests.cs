using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>The pool's settings: where they come from, and what is refused.</summary>
public sealed class PoolSettingsTests
{
    [Fact]
    public void Defaults_are_those_of_the_contract()
    {
        var options = new McpClientPoolOptions();

        Assert.Equal(TimeSpan.FromMinutes(10), options.IdleTimeout);
        Assert.Equal(10_000, options.MaxSessions);
        Assert.Null(options.MaxAnonymousSessions);
        Assert.True(options.ShareStatelessClients);
        Assert.Equal(TimeSpan.FromSeconds(5), options.CloseTimeout);
        Assert.Null(options.TransportOptionsFactory);
    }

    [Fact]
    public void Settings_apply_to_the_named_client_alone()
    {
        var services = new ServiceCollection();
        services.AddMcpClient("one", new Uri(HttpTesting.Endpoint));
        services.AddMcpClient("two", new Uri(HttpTesting.Endpoint));
        services.Configure<McpClientPoolOptions>("one", pool => pool.MaxSessions = 1);
        using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Equal((1, 10_000), (Bound(provider, "one").MaxSessions, Bound(provider, "two").MaxSessions));
    }

    [Fact]
    public async Task Settings_of_one_client_do_not_limit_another()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceCollection collection = McpTesting.ServicesFor(backend);
        collection.AddMcpClient("other", backend.Endpoint);
        collection.Configure<McpClientPoolOptions>("other", pool => pool.MaxSessions = 1);
        await using ServiceProvider services = collection.BuildServiceProvider();

        await using McpClientLease alice = await services.RentForAsync(Users.Alice);
        await using McpClientLease bob = await services.RentForAsync(Users.Bob);
        await using McpClientLease alicesOther = await RentOtherAsync(Users.Alice);
        var refused = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => RentOtherAsync(Users.Bob));

        Assert.Contains("'other'", refused.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(McpClientPoolOptions.MaxSessions), refused.Message, StringComparison.Ordinal);

        Task<McpClientLease> RentOtherAsync(ClaimsPrincipal user) =>
            AmbientIdentity.RunAsync(user, () => services.Pool().RentAsync("other").AsTask());
    }

    [Theory]
    [InlineData("Pool")]
    [InlineData("pool")]
    public void Every_setting_but_the_factory_binds_from_the_pool_section(string section)
    {
        using ServiceProvider services = ServicesFor(
            ($"{section}:IdleTimeout", "00:03:00"),
            ($"{section}:MaxSessions", "7"),
            ($"{section}:MaxAnonymousSessions", "3"),
            ($"{section}:sharestatelessclients", "False"),
            ($"{section}:SessionKeyClaimTypes:0", "org_id"),
            ($"{section}:CloseTimeout", "00:00:02"));

        McpClientPoolOptions bound = Bound(services);

        // All that there are, so that an option that is added is noticed here.
        Assert.Equal(
            [TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(3), 3, 7, new[] { "org_id" }, false, null],
            typeof(McpClientPoolOptions).GetProperties().OrderBy(property => property.Name).Select(property => property.GetValue(bound)));
    }

    [Fact]
    public void Unconfigured_settings_keep_their_defaults_and_later_code_wins()
    {
        using ServiceProvider services = ServicesFor(
            collection => collection.ConfigurePool(pool => pool.IdleTimeout = TimeSpan.FromMinutes(1)),
            ("Pool:MaxSessions", "7"),
            ("Pool:IdleTimeout", "00:03:00"));

        McpClientPoolOptions bound = Bound(services);

        Assert.Equal((TimeSpan.FromMinutes(1), 7, TimeSpan.FromSeconds(5)), (bound.IdleTimeout, bound.MaxSessions, bound.CloseTimeout));
    }

    [Theory]
    [InlineData("Pool:IdleTimeOut2", "00:01:00")]
    [InlineData("Pool:TransportOptionsFactory", "code")]
    [InlineData("Pool:IdleTimeout", "")]
    [InlineData("Pool:IdleTimeout", "10")]
    [InlineData("Pool:IdleTimeout:Minutes", "10")]
    [InlineData("Pool:CloseTimeout", "soon")]
    [InlineData("Pool:MaxSessions", "many")]
    [InlineData("Pool:MaxSessions:0", "5")]
    [InlineData("Pool:MaxAnonymousSessions", "")]
    [InlineData("Pool:MaxAnonymousSessions", "few")]
    [InlineData("Pool:ShareStatelessClients", "yes")]
    [InlineData("Pool:ShareStatelessClients", "")]
    [InlineData("Pool", "5")]
    [InlineData("Pool", "")]
    public async Task Unknown_empty_or_malformed_setting_is_refused_with_its_path(string setting, string value)
    {
        await using ServiceProvider services = ServicesFor((setting, value));

        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => services.RentForAsync(Users.Alice));

        string path = string.Join(':', $"Backend:{setting}".Split(':').Take(3));
        Assert.Contains($"'{path}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_setting_is_refused_at_startup()
    {
        HostApplicationBuilder builder = NewHost();
        builder.Services.AddMcpClient(McpTesting.ClientName, Section(("Pool:Nonsense", "1")));
        using IHost host = builder.Build();

        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("'Backend:Pool:Nonsense'", refused.Message, StringComparison.Ordinal);
        Assert.Contains(
            "IdleTimeout, MaxSessions, MaxAnonymousSessions, ShareStatelessClients, SessionKeyClaimTypes and CloseTimeout",
            refused.Message,
            StringComparison.Ordinal);
    }

    public static TheoryData<string, Action<McpClientPoolOptions>> Invalid => new()
    {
        { "IdleTimeout is 00:00:00", pool => pool.IdleTimeout = TimeSpan.Zero },
        { "IdleTimeout is -00:00:01", pool => pool.IdleTimeout = TimeSpan.FromSeconds(-1) },
        { "IdleTimeout is 24.00:00:01", pool => pool.IdleTimeout = TimeSpan.FromDays(24) + TimeSpan.FromSeconds(1) },
        { "IdleTimeout is 1", pool => pool.IdleTimeout = TimeSpan.MaxValue },
        { "CloseTimeout is 00:00:00", pool => pool.CloseTimeout = TimeSpan.Zero },
        { "CloseTimeout is -00:00:00.0010000", pool => pool.CloseTimeout = Timeout.InfiniteTimeSpan },
        { "CloseTimeout is 25.00:00:00", pool => pool.CloseTimeout = TimeSpan.FromDays(25) },
        { "MaxSessions is 0", pool => pool.MaxSessions = 0 },
        { "MaxSessions is -1", pool => pool.MaxSessions = -1 },
        { "MaxAnonymousSessions is 0", pool => pool.MaxAnonymousSessions = 0 },
        { "MaxAnonymousSessions is -1", pool => pool.MaxAnonymousSessions = -1 },
    };

    [Theory]
    [MemberData(nameof(Invalid), DisableDiscoveryEnumeration = true)]
    public async Task Invalid_option_is_refused_at_startup_by_client_and_option(string said, Action<McpClientPoolOptions> configure)
    {
        HostApplicationBuilder builder = NewHost();
        builder.Services.AddMcpClient(McpTesting.ClientName, new Uri(HttpTesting.Endpoint));
        builder.Services.ConfigurePool(configure);
        using IHost host = builder.Build();

        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.StartsWith(
            $"MCP client '{McpTesting.ClientName}': McpClientPoolOptions.{said}",
            Assert.Single(refused.Failures),
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Invalid), DisableDiscoveryEnumeration = true)]
    public async Task Invalid_option_is_refused_at_first_rent_without_a_host(string said, Action<McpClientPoolOptions> configure)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).ConfigurePool(configure).BuildServiceProvider();

        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(() => services.CallForAsync(Users.Alice));

        Assert.Contains($"'{McpTesting.ClientName}': McpClientPoolOptions.{said}", refused.Message, StringComparison.Ordinal);
        Assert.Empty(backend.Exchanges);
    }

    [Fact]
    public async Task Container_whose_pool_settings_were_refused_is_disposed_without_an_error()
    {
        ServiceProvider services = ServicesFor(("Pool:MaxSessions", "0"));
        await Assert.ThrowsAsync<OptionsValidationException>(() => services.RentForAsync(Users.Alice));

        Assert.Null(await Record.ExceptionAsync(() => services.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task Errors_are_all_reported_at_once()
    {
        await using ServiceProvider services =
            ServicesFor(("Pool:MaxSessions", "0"), ("Pool:IdleTimeout", "00:00:00"), ("Pool:CloseTimeout", "-01:00:00"));

        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(() => services.RentForAsync(Users.Alice));

        Assert.Equal(3, refused.Failures.Count());
    }

    [Fact]
    public async Task Longest_and_shortest_allowed_times_are_accepted()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(pool =>
                (pool.IdleTimeout, pool.CloseTimeout, pool.MaxSessions) = (TimeSpan.FromDays(24), TimeSpan.FromDays(24), 1))
            .BuildServiceProvider();

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    private static McpClientPoolOptions Bound(IServiceProvider services, string name = McpTesting.ClientName) =>
        services.GetRequiredService<IOptionsMonitor<McpClientPoolOptions>>().Get(name);

    private static HostApplicationBuilder NewHost() =>
        Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });

    private static ServiceProvider ServicesFor(params (string Setting, string Value)[] settings) => ServicesFor(_ => { }, settings);

    private static ServiceProvider ServicesFor(Action<IServiceCollection> after, params (string Setting, string Value)[] settings)
    {
        var services = new ServiceCollection();
        services.AddMcpClient(McpTesting.ClientName, Section(settings)).AddClaimInjection();
        after(services);
        return services.BuildServiceProvider();
    }

    private static IConfigurationSection Section(params (string Setting, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection([
            new("Backend:Endpoint", HttpTesting.Endpoint),
            .. settings.Select(setting => KeyValuePair.Create($"Backend:{setting.Setting}", (string?)setting.Value))])
        .Build()
        .GetSection("Backend");
}
