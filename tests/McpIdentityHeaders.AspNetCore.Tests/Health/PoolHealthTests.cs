using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Health;

/// <summary>How far a pool's bounds are used up, at /healthz.</summary>
public sealed class PoolHealthTests
{
    [Fact]
    public async Task Pool_that_was_never_rented_is_healthy_and_opens_no_session()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using HealthHost host = await StartAsync(backend, _ => { });

        HealthAnswer answer = await host.CheckAsync();

        Assert.Equal((200, "Healthy"), (answer.StatusCode, answer.Status));
        Assert.Empty(backend.Exchanges);
    }

    [Fact]
    public async Task Pool_is_unhealthy_while_all_sessions_are_leased()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using HealthHost host = await StartAsync(backend, pool => pool.MaxSessions = 2);
        HealthAnswer empty = await host.CheckAsync();
        McpClientLease alices = await host.Services.RentForAsync(Users.Alice);
        HealthAnswer half = await host.CheckAsync();
        await using McpClientLease bobs = await host.Services.RentForAsync(Users.Bob);
        HealthAnswer full = await host.CheckAsync();
        int messages = CountMessages(backend);
        await alices.DisposeAsync();
        HealthAnswer evictable = await host.CheckAsync();

        Assert.Equal(
            ["Healthy", "Healthy", "Unhealthy", "Degraded"], new[] { empty, half, full, evictable }.Select(answer => answer.Status));
        Assert.Equal([200, 200, 503, 200], new[] { empty, half, full, evictable }.Select(answer => answer.StatusCode));
        Assert.Contains("all of 2 sessions are in use. Give leases back sooner", full.Body, StringComparison.Ordinal);
        Assert.Contains("2 of 2 sessions are open", evictable.Body, StringComparison.Ordinal);
        Assert.Contains(
            "\"backend.sessions\":2,\"backend.sessions.idle\":1,\"backend.sessions.max\":2", evictable.Body, StringComparison.Ordinal);
        Assert.Equal(messages, CountMessages(backend));
        Assert.All([half, full, evictable], answer => Assert.DoesNotContain("alice", answer.Body, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData(0.5, "Degraded")]
    [InlineData(0.51, "Healthy")]
    public async Task Pool_is_degraded_from_the_share_on_that_is_set(double degradedAt, string expected)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using HealthHost host = await StartAsync(backend, pool => pool.MaxSessions = 4, degradedAt);
        await using McpClientLease alices = await host.Services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await host.Services.RentForAsync(Users.Bob);

        Assert.Equal(expected, (await host.CheckAsync()).Status);
    }

    [Theory]
    [InlineData(50, "Unhealthy", "100 rents wait for sessions to open, and further ones are refused")]
    [InlineData(45, "Degraded", "90 of 100 rents wait for sessions to open")]
    [InlineData(44, "Healthy", "\"backend.rents.waiting\":88")]
    public async Task Pool_shows_how_many_rents_wait_for_the_backend(int each, string status, string expected)
    {
        var gate = new AsyncGate();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            await gate.WaitAsync();
            await next(context);
        });
        await using HealthHost host = await StartAsync(backend, pool => pool.MaxSessions = 50);
        Task<McpClientLease>[] waiting =
        [
            .. new[] { Users.Alice, Users.Bob }.SelectMany(user => Enumerable.Range(0, each).Select(_ => host.Services.RentForAsync(user))),
        ];

        HealthAnswer answer = await host.CheckAsync();
        gate.Release();
        foreach (McpClientLease lease in await Task.WhenAll(waiting))
        {
            await lease.DisposeAsync();
        }

        Assert.Equal(status, answer.Status);
        Assert.Contains(expected, answer.Body, StringComparison.Ordinal);
        Assert.Equal("Healthy", (await host.CheckAsync()).Status);
    }

    [Fact]
    public async Task Anonymous_users_degrade_the_pool_and_no_more()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using HealthHost host = await StartAsync(backend, pool => pool.MaxAnonymousSessions = 1);
        await using McpClientLease lease = await host.Services.RentForAsync(null);

        HealthAnswer answer = await host.CheckAsync();

        Assert.Equal((200, "Degraded"), (answer.StatusCode, answer.Status));
        Assert.Contains("all of 1 sessions for anonymous users are in use", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_counts_as_the_application_says()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using HealthHost host = await StartAsync(backend, pool => pool.MaxSessions = 1, failureStatus: HealthStatus.Degraded);
        await using McpClientLease lease = await host.Services.RentForAsync(Users.Alice);

        Assert.Equal("Degraded", (await host.CheckAsync()).Status);
    }

    [Fact]
    public async Task Check_without_a_client_stops_the_host()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            HealthHost.StartAsync(services => services.AddHealthChecks().AddMcpClientPool()));

        Assert.Equal(
            "Health check 'mcp-client-pool': there is no MCP client with a pool to check. Call AddMcpClient(…), or leave "
            + "AddMcpClientPool out.",
            refused.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void Share_that_is_none_is_refused(double degradedAt) => Assert.Throws<ArgumentOutOfRangeException>(
        () => new ServiceCollection().AddHealthChecks().AddMcpClientPool(degradedAt: degradedAt));

    // Without GET: a session opens its stream in the background.
    private static int CountMessages(McpBackend backend) => backend.Exchanges.Count(exchange => exchange.Http == "POST");

    private static Task<HealthHost> StartAsync(
        McpBackend backend, Action<McpClientPoolOptions> configure, double degradedAt = 0.9, HealthStatus? failureStatus = null) =>
        HealthHost.StartAsync(services =>
        {
            services.AddMcpClient(McpTesting.ClientName, backend.Endpoint).AddClaimInjection();
            services.Configure<McpClientOptions>(McpTesting.ClientName, options => options.ProtocolVersion = "2025-11-25");
            services.ConfigurePool(configure);
            services.AddHealthChecks().AddMcpClientPool(failureStatus: failureStatus, degradedAt: degradedAt);
        });
}
