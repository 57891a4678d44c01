using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>The meter counts sessions, and why each was closed.</summary>
public sealed class PoolMetricsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Session_is_counted_with_its_client_while_it_is_open()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        using var meters = new Meters(services);

        await services.CallForAsync(Users.Alice);
        await services.CallForAsync(Users.Alice);
        await services.CallForAsync(Users.Bob);

        Assert.Equal((2, 2), (meters.Active, meters.Created));
        Assert.Empty(meters.Reasons);
        await services.Pool().CloseAsync(Users.Alice);
        await meters.AssertClosedAsync("user");
        Assert.Equal((1, 2), (meters.Active, meters.Created));
        meters.AssertNamesTheClient();
    }

    [Fact]
    public async Task Shared_client_counts_as_one_session()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = ServicesFor(backend);
        using var meters = new Meters(services);

        await services.CallForAsync(Users.Alice);
        await services.CallForAsync(Users.Bob);
        await services.CallForAsync(null);

        Assert.Equal((1, 1), (meters.Active, meters.Created));
        Assert.Empty(meters.Reasons);
    }

    [Fact]
    public async Task Idle_session_is_closed_as_idle()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        using var meters = new Meters(services);
        await services.CallForAsync(Users.Alice);

        _time.Advance(TimeSpan.FromMinutes(10));

        await meters.AssertClosedAsync("idle");
        meters.AssertNoneLeft(1);
    }

    [Fact]
    public async Task Session_that_is_evicted_is_closed_as_evicted()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, pool => pool.MaxSessions = 1);
        using var meters = new Meters(services);
        await services.CallForAsync(Users.Alice);

        await services.CallForAsync(Users.Bob);

        await meters.AssertClosedAsync("evicted");
        Assert.Equal((1, 2), (meters.Active, meters.Created));
    }

    [Fact]
    public async Task Session_that_the_backend_ended_is_closed_as_ended()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        using var meters = new Meters(services);
        await using (McpClientLease lease = await services.RentForAsync(Users.Alice))
        {
            await backend.EndSessionAsync(Assert.Single(backend.LiveSessions));
            await Assert.ThrowsAnyAsync<Exception>(() => lease.Client.CallTextAsync("ping"));
        }

        await meters.AssertClosedAsync("ended");
        meters.AssertNoneLeft(1);
    }

    [Fact]
    public async Task Anonymous_session_is_closed_as_returned()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        using var meters = new Meters(services);

        await services.CallForAsync(null);

        await meters.AssertClosedAsync("returned");
        meters.AssertNoneLeft(1);
    }

    [Fact]
    public async Task Users_session_with_each_backend_is_closed_as_user_by_CloseAsync()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        using var meters = new Meters(services);
        await using McpClientLease rented = await services.RentForAsync(Users.Alice);

        await services.Pool().CloseAsync(Users.Alice);

        await meters.AssertClosedAsync("user");
        meters.AssertNoneLeft(1);
    }

    [Fact]
    public async Task Session_of_other_settings_is_closed_as_settings()
    {
        string tenant = "blue";
        var changes = new OptionsChange<HttpClientTransportOptions>(McpTesting.ClientName);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, also: collection => collection
            .AddSingleton<IOptionsChangeTokenSource<HttpClientTransportOptions>>(changes)
            .Configure<HttpClientTransportOptions>(
                McpTesting.ClientName,
                options => options.AdditionalHeaders = new Dictionary<string, string> { ["X-Tenant"] = tenant }));
        using var meters = new Meters(services);
        await services.CallForAsync(Users.Alice);

        tenant = "green";
        changes.Notify();
        await services.CallForAsync(Users.Alice);

        await meters.AssertClosedAsync("settings");
        Assert.Equal((1, 2), (meters.Active, meters.Created));
    }

    [Fact]
    public async Task Client_made_redundant_by_a_shared_one_is_closed_as_shared()
    {
        // Bob and Carol wait for Alice, who is refused; then both open a client, and either can serve both.
        int others = 0;
        var bothWait = new TaskCompletionSource();
        var bothOpen = new TaskCompletionSource();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, async (context, next) =>
        {
            if (context.Request.Headers["X-User-Sub"] == "alice")
            {
                await bothWait.Task;
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return;
            }

            _ = Interlocked.Increment(ref others) == 2 && bothOpen.TrySetResult();
            await bothOpen.Task;
            await next(context);
        });
        await using ServiceProvider services = ServicesFor(backend);
        using var meters = new Meters(services);

        Task<McpClientLease> alice = services.RentForAsync(Users.Alice);
        Task<McpClientLease>[] waiting = [services.RentForAsync(Users.Bob), services.RentForAsync(Users.Named("carol"))];
        bothWait.SetResult();
        await Assert.ThrowsAsync<HttpRequestException>(() => alice);
        McpClientLease[] leases = await Task.WhenAll(waiting);

        Assert.Same(leases[0].Pooled(), leases[1].Pooled());
        await meters.AssertClosedAsync("shared");
        Assert.Equal((1, 2), (meters.Active, meters.Created));
        await leases[0].DisposeAsync();
        await leases[1].DisposeAsync();
    }

    [Fact]
    public async Task Session_that_was_never_connected_is_counted_nowhere()
    {
        var isHeld = new TaskCompletionSource();
        bool holdsCalls = true;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            if (holdsCalls)
            {
                isHeld.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            }

            await next(context);
        });
        await using ServiceProvider services = ServicesFor(backend);
        using var meters = new Meters(services);
        using var abandoned = new CancellationTokenSource();
        Task<McpClientLease> rent = services.RentForAsync(Users.Alice, abandoned.Token);
        await isHeld.Task;

        holdsCalls = false;
        await abandoned.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent);
        await services.CallForAsync(Users.Alice);
        _time.Advance(new McpClientPoolOptions().CloseTimeout);

        Assert.Equal((1, 1), (meters.Active, meters.Created));
        Assert.Empty(meters.Reasons);
    }

    [Fact]
    public async Task Sessions_left_when_the_container_is_disposed_are_closed_as_shutdown()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceProvider services = ServicesFor(backend);
        using var meters = new Meters(services);
        await services.CallForAsync(Users.Alice);
        await services.RentForAsync(Users.Bob);

        await services.DisposeAsync();

        await meters.AssertClosedAsync("shutdown", "shutdown");
        meters.AssertNoneLeft(2);
        Assert.Empty(backend.LiveSessions);
    }

    private ServiceProvider ServicesFor(
        McpBackend backend, Action<McpClientPoolOptions>? configure = null, Action<IServiceCollection>? also = null)
    {
        ServiceCollection services = McpTesting.ServicesFor(backend);
        services.AddSingleton<TimeProvider>(_time);
        services.ConfigurePool(configure ?? (_ => { }));
        also?.Invoke(services);
        return services.BuildServiceProvider();
    }

    private sealed class Meters(IServiceProvider services) : IDisposable
    {
        private readonly MetricCollector<long> _active = Collect(services, "active");
        private readonly MetricCollector<long> _created = Collect(services, "created");
        private readonly MetricCollector<long> _closed = Collect(services, "closed");

        public long Active => _active.GetMeasurementSnapshot().Sum(measurement => measurement.Value);

        public long Created => _created.GetMeasurementSnapshot().Sum(measurement => measurement.Value);

        public IEnumerable<object?> Reasons => _closed.GetMeasurementSnapshot().Select(measurement => measurement.Tags["reason"]);

        /// <summary>Waits for that many to be closed, and for the last of them to be active no more.</summary>
        public async Task AssertClosedAsync(params string[] reasons)
        {
            await _closed.WaitForMeasurementsAsync(reasons.Length).WaitAsync(TimeSpan.FromSeconds(60));
            await _active.WaitForMeasurementsAsync((int)Created + reasons.Length).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(reasons, Reasons);
            Assert.All(_closed.GetMeasurementSnapshot(), measurement => Assert.Equal(1, measurement.Value));
            AssertNamesTheClient();
        }

        public void AssertNoneLeft(long created) => Assert.Equal((0, created), (Active, Created));

        /// <summary>The tags are the client and the reason: no tag names a user.</summary>
        public void AssertNamesTheClient()
        {
            Assert.All(_active.GetMeasurementSnapshot().Concat(_created.GetMeasurementSnapshot()), measurement =>
                Assert.Equal(new Dictionary<string, object?> { ["client"] = McpTesting.ClientName }, measurement.Tags));
            Assert.All(_closed.GetMeasurementSnapshot(), measurement =>
                Assert.Equal(["client", "reason"], measurement.Tags.Keys.Order()));
            Assert.All(_closed.GetMeasurementSnapshot(), measurement => Assert.Equal(McpTesting.ClientName, measurement.Tags["client"]));
        }

        public void Dispose()
        {
            _active.Dispose();
            _created.Dispose();
            _closed.Dispose();
        }

        private static MetricCollector<long> Collect(IServiceProvider services, string instrument) =>
            new(services.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", $"mcp.identity.sessions.{instrument}");
    }
}
