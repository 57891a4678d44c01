using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What a changed configuration does to the pool and to the sessions that it holds.</summary>
public sealed class PoolReloadTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Reloaded_MaxSessions_is_in_force()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        IConfigurationRoot configuration = ConfigurationFor(backend, ("Pool:MaxSessions", "1"));
        await using ServiceProvider services = ServicesFor(backend, configuration);
        await using McpClientLease alice = await services.RentForAsync(Users.Alice);
        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => services.CallForAsync(Users.Bob));

        Set(configuration, ("Pool:MaxSessions", "2"));

        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
    }

    [Fact]
    public async Task Shorter_IdleTimeout_closes_at_once_what_has_been_idle_as_long()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        IConfigurationRoot configuration = ConfigurationFor(backend);
        await using ServiceProvider services = ServicesFor(backend, configuration);
        McpClient alice = await ClientForAsync(services, Users.Alice);
        _time.Advance(TimeSpan.FromMinutes(5));
        McpClient bob = await ClientForAsync(services, Users.Bob);

        Set(configuration, ("Pool:IdleTimeout", "00:05:00"));
        await alice.Completion.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Same(bob, await ClientForAsync(services, Users.Bob));
        _time.Advance(TimeSpan.FromMinutes(5));
        await bob.Completion.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Longer_IdleTimeout_keeps_what_would_have_been_closed()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        IConfigurationRoot configuration = ConfigurationFor(backend, ("Pool:IdleTimeout", "00:05:00"));
        await using ServiceProvider services = ServicesFor(backend, configuration);
        McpClient alice = await ClientForAsync(services, Users.Alice);

        Set(configuration, ("Pool:IdleTimeout", "00:20:00"));
        _time.Advance(TimeSpan.FromMinutes(19));
        Assert.Same(alice, await ClientForAsync(services, Users.Alice));

        _time.Advance(TimeSpan.FromMinutes(20));
        await alice.Completion.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("Pool:MaxSessions", "0")]
    [InlineData("Pool:MaxSessions", "many")]
    [InlineData("Pool:Nonsense", "1")]
    public async Task Invalid_reload_is_logged_and_keeps_the_last_valid_settings(string setting, string value)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        IConfigurationRoot configuration = ConfigurationFor(backend, ("Pool:MaxSessions", "1"));
        await using ServiceProvider services = ServicesFor(backend, configuration);
        McpClientLease alice = await services.RentForAsync(Users.Alice);

        Set(configuration, (setting, value));

        FakeLogRecord refusal = Assert.Single(services.GetFakeLogCollector().GetSnapshot(), log => log.Level == LogLevel.Error);
        Assert.Equal("SettingsRefused", refusal.Id.Name);
        Assert.Contains($"'{McpTesting.ClientName}'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(setting.Split(':')[1], refusal.Exception!.Message, StringComparison.Ordinal);

        var full = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => services.CallForAsync(Users.Bob));
        Assert.Contains("all of 1 are in use", full.Message, StringComparison.Ordinal);
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        await alice.DisposeAsync();
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
    }

    [Fact]
    public async Task Changed_endpoint_moves_the_next_rent_and_closes_a_returned_old_session()
    {
        await using McpBackend older = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using McpBackend newer = await McpBackend.StartAsync(McpBackendKind.Sessions);
        IConfigurationRoot configuration = ConfigurationFor(older);
        await using ServiceProvider services = ServicesFor(older, configuration);
        McpClientLease lease = await services.RentForAsync(Users.Alice);

        Set(configuration, ("Endpoint", newer.Endpoint.ToString()));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Single(newer.Calls());

        // In use still, and not closed under its user.
        Assert.Equal("pong", await AmbientIdentity.RunAsync(Users.Alice, () => lease.Client.CallTextAsync("ping")));
        Assert.Single(older.LiveSessions);

        await lease.DisposeAsync();
        await older.WaitForAsync(exchange => exchange.Http == "DELETE");
        Assert.Single(newer.LiveSessions);
    }

    [Fact]
    public async Task Changed_header_replaces_idle_sessions_at_the_next_rent()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        IConfigurationRoot configuration = ConfigurationFor(backend, ("AdditionalHeaders:X-Tenant", "blue"));
        await using ServiceProvider services = ServicesFor(backend, configuration);
        await services.CallForAsync(Users.Alice);
        await services.CallForAsync(Users.Bob);

        Set(configuration, ("AdditionalHeaders:X-Tenant", "green"));
        await services.CallForAsync(Users.Alice);

        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "alice" });
        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "bob" });
        Assert.Equal(["blue", "blue", "green"], backend.Calls().Select(call => call.Headers["X-Tenant"]));
    }

    [Fact]
    public async Task Changed_endpoint_moves_the_shared_client()
    {
        await using McpBackend older = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using McpBackend newer = await McpBackend.StartAsync(McpBackendKind.Stateless);
        IConfigurationRoot configuration = ConfigurationFor(older);
        await using ServiceProvider services = ServicesFor(older, configuration);
        McpClient first = await ClientForAsync(services, Users.Alice);

        Set(configuration, ("Endpoint", newer.Endpoint.ToString()));

        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal(["bob", "alice"], newer.Calls().Select(call => call.Subject));
        Assert.Single(newer.Exchanges, exchange => exchange.Rpc == "server/discover");
        await first.Completion.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("Other:Setting", "1")]
    [InlineData("Pool:MaxSessions", "5")]
    [InlineData("AdditionalHeaders:X-Tenant", "blue")]
    public async Task Reload_without_a_changed_transport_keeps_the_session(string setting, string value)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        IConfigurationRoot configuration = ConfigurationFor(backend, ("AdditionalHeaders:X-Tenant", "blue"));

        // Made anew at each reading, as code does it.
        await using ServiceProvider services = ServicesFor(
            backend, configuration, transport => transport.OAuth = AuthorizationServer.NewClientOptions());
        McpClient first = await ClientForAsync(services, Users.Alice);

        Set(configuration, (setting, value));

        Assert.Same(first, await ClientForAsync(services, Users.Alice));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Fact]
    public async Task Sharing_turned_off_gives_each_user_a_client_and_closes_the_shared_one()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        IConfigurationRoot configuration = ConfigurationFor(backend);
        await using ServiceProvider services = ServicesFor(backend, configuration);
        McpClientLease shared = await services.RentForAsync(Users.Alice);

        Set(configuration, ("Pool:ShareStatelessClients", "false"));
        await using McpClientLease alice = await services.RentForAsync(Users.Alice);
        await using McpClientLease bob = await services.RentForAsync(Users.Bob);

        Assert.Equal(3, new[] { shared.Pooled(), alice.Pooled(), bob.Pooled() }.Distinct().Count());
        await Assert.ThrowsAsync<ClaimInjectionException>(
            () => AmbientIdentity.RunAsync(Users.Bob, () => alice.Client.CallTextAsync("whoami")));
        Assert.Equal("alice", await shared.Client.CallTextAsync("whoami"));

        McpClient old = shared.Client;
        await shared.DisposeAsync();
        await old.Completion.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Sharing_turned_on_serves_all_users_by_one_client()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        IConfigurationRoot configuration = ConfigurationFor(backend, ("Pool:ShareStatelessClients", "false"));
        await using ServiceProvider services = ServicesFor(backend, configuration);
        await services.CallForAsync(Users.Alice);

        Set(configuration, ("Pool:ShareStatelessClients", "true"));
        McpClient bob = await ClientForAsync(services, Users.Bob);

        Assert.Same(bob, await ClientForAsync(services, Users.Named("carol")));
        Assert.Same(bob, await ClientForAsync(services, Users.Alice));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Fact]
    public async Task Rent_that_waited_during_a_reload_uses_the_latest_transport_options()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        var time = new GatedTimeProvider();
        var changes = new OptionsChange<HttpClientTransportOptions>(McpTesting.ClientName);
        string tenant = "first";
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .AddSingleton<TimeProvider>(time)
            .AddSingleton<IOptionsChangeTokenSource<HttpClientTransportOptions>>(changes)
            .Configure<HttpClientTransportOptions>(
                McpTesting.ClientName, transport => transport.AdditionalHeaders = new Dictionary<string, string> { ["X-Tenant"] = tenant })
            .BuildServiceProvider();
        McpClientLease alice = await services.RentForAsync(Users.Alice);
        tenant = "second";
        changes.Notify();

        // The return is held where it has the pool's lock. The rent waits for the lock with the second options, which it has read by then.
        time.Gate = new AsyncGate();
        Task returned = Task.Run(() => alice.DisposeAsync().AsTask());
        await time.Gate.Arrived;
        Task<McpClientLease>? rent = null;
        var renter = new Thread(() => rent = services.RentForAsync(Users.Bob)) { IsBackground = true };
        renter.Start();
        Assert.True(SpinWait.SpinUntil(() => renter.ThreadState.HasFlag(ThreadState.WaitSleepJoin), AsyncGate.Patience));
        tenant = "third";
        changes.Notify();
        time.Gate.Release();
        await returned;
        Assert.True(renter.Join(AsyncGate.Patience));

        McpClient bob;
        await using (McpClientLease lease = await rent!)
        {
            bob = lease.Pooled();
            Assert.Equal("bob", await AmbientIdentity.RunAsync(Users.Bob, () => lease.Client.CallTextAsync("whoami")));
        }

        Assert.Equal("third", Assert.Single(backend.Calls()).Headers["X-Tenant"]);
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Same(bob, await ClientForAsync(services, Users.Bob));
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.Stateless)]
    public async Task Rent_during_a_reload_of_its_key_claim_types_serves_its_renter(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        IConfigurationRoot configuration = ConfigurationFor(backend);
        await using ServiceProvider services = ServicesFor(backend, configuration);
        bool isReloaded = false;
        var user = new ObservedPrincipal(Users.With(("sub", "alice"), ("org_id", "1")), () =>
        {
            if (!isReloaded)
            {
                isReloaded = true;
                Set(configuration, ("Pool:SessionKeyClaimTypes:0", "org_id"));
            }
        });

        await using McpClientLease lease = await services.Pool().RentAsync(McpTesting.ClientName, user);

        Assert.Equal("alice", await lease.Client.CallTextAsync("whoami"));
        Assert.True(isReloaded);
    }

    private static async Task<McpClient> ClientForAsync(IServiceProvider services, ClaimsPrincipal? user)
    {
        await using McpClientLease lease = await services.RentForAsync(user);
        return lease.Pooled();
    }

    private ServiceProvider ServicesFor(
        McpBackend backend, IConfiguration configuration, Action<HttpClientTransportOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging());
        services.AddSingleton<TimeProvider>(_time);
        services.AddMcpClient(McpTesting.ClientName, configuration.GetSection("Backend")).AddClaimInjection();
        services.Configure(McpTesting.ClientName, configure ?? (_ => { }));
        services.Configure<McpClientOptions>(
            McpTesting.ClientName,
            options => options.ProtocolVersion = backend.Kind == McpBackendKind.Stateless ? "2026-07-28" : "2025-11-25");
        return services.BuildServiceProvider();
    }

    private static IConfigurationRoot ConfigurationFor(McpBackend backend, params (string Setting, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection([
                new("Backend:Endpoint", backend.Endpoint.ToString()),
                new("Backend:TransportMode", "StreamableHttp"),
                .. settings.Select(setting => KeyValuePair.Create($"Backend:{setting.Setting}", (string?)setting.Value))])
            .Build();

    private static void Set(IConfigurationRoot configuration, (string Setting, string Value) change)
    {
        configuration[$"Backend:{change.Setting}"] = change.Value;
        configuration.Reload();
    }

    /// <summary>Stops a thread that reads the time, and with it the lock that the thread holds.</summary>
    private sealed class GatedTimeProvider : TimeProvider
    {
        public AsyncGate? Gate { get; set; }

        public override long GetTimestamp()
        {
            Gate?.WaitAsync().GetAwaiter().GetResult();
            return base.GetTimestamp();
        }
    }

    /// <summary>Calls an action each time that its identities are read.</summary>
    private sealed class ObservedPrincipal(ClaimsPrincipal user, Action onRead) : ClaimsPrincipal(user)
    {
        public override IEnumerable<ClaimsIdentity> Identities
        {
            get
            {
                onRead();
                return base.Identities;
            }
        }
    }
}
