using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>How many rents may wait, and how many sessions anonymous users may have.</summary>
public sealed class RentLimitTests
{
    [Theory]
    [InlineData(10, 100)]
    [InlineData(75, 150)]
    public async Task Rents_that_wait_are_bounded_by_MaxSessions(int maxSessions, int limit)
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, held.HoldAsync);
        await using ServiceProvider services = ServicesFor(backend, maxSessions);
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;

        Task<string>[] rents = [.. Enumerable.Range(0, 1_000).Select(i => services.CallForAsync(Users.Named($"user-{i % 500}")))];

        Assert.Equal(1_000 - (limit - 1), rents.Count(rent => rent.IsFaulted));
        var refused = Assert.IsType<ClaimInjectionException>(rents[^1].Exception!.InnerException);
        Assert.Equal(ClaimInjectionErrorReason.PoolExhausted, refused.Reason);
        Assert.Equal(
            $"MCP client 'backend': no session was rented: {limit} rents wait for sessions to open already. Rent fewer at a time, or raise "
            + "McpClientPoolOptions.MaxSessions: twice as many may wait.",
            refused.Message);
        held.Release();
        Assert.Equal("alice", await alices);
        await Task.WhenAll(rents.Where(rent => !rent.IsFaulted));

        // Those who waited have left.
        await Task.WhenAll(Enumerable.Range(0, limit).Select(i => services.CallForAsync(Users.Named($"user-{i}"))));
    }

    [Fact]
    public async Task Rents_of_one_user_that_wait_for_one_session_are_bounded_too()
    {
        var held = new RequestGate(RequestGate.IsInitialize);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = ServicesFor(backend, maxSessions: 2);

        Task<string>[] rents = [.. Enumerable.Range(0, 300).Select(_ => services.CallForAsync(Users.Alice))];
        await held.Arrived;

        Assert.Equal(250, rents.Count(rent => rent.IsFaulted));
        Task<string> bobs = services.CallForAsync(Users.Bob);
        Assert.False(bobs.IsFaulted);
        held.Release();
        await Task.WhenAll(rents.Where(rent => !rent.IsFaulted));
        Assert.Equal("bob", await bobs);
        Assert.Equal(2, backend.LiveSessions.Count);
    }

    [Fact]
    public async Task Anonymous_users_who_wait_leave_room_for_signed_in_ones()
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, held.HoldAsync);
        await using ServiceProvider services = ServicesFor(backend, maxSessions: 10);
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;

        Task<string>[] anonymous = [.. Enumerable.Range(0, 200).Select(_ => services.CallForAsync(null))];
        Task<string> bobs = services.CallForAsync(Users.Bob);

        Assert.Equal(150, anonymous.Count(rent => rent.IsFaulted));
        Assert.False(bobs.IsFaulted);
        held.Release();
        Assert.Equal(["alice", "bob"], await Task.WhenAll(alices, bobs));
        await Task.WhenAll(anonymous.Where(rent => !rent.IsFaulted));
    }

    [Theory]
    [InlineData(20, null, 2)]
    [InlineData(9, null, 1)]
    [InlineData(20, 3, 3)]
    public async Task Anonymous_sessions_have_a_bound_of_their_own(int maxSessions, int? maxAnonymous, int limit)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, maxSessions, maxAnonymous);
        List<McpClientLease> leases = [];
        for (int i = 0; i < limit; i++)
        {
            leases.Add(await services.RentForAsync(i == 0 ? Users.Anonymous : null));
        }

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentAsync().AsTask());

        Assert.Equal(ClaimInjectionErrorReason.PoolExhausted, refused.Reason);
        Assert.Equal(
            $"MCP client 'backend': no session was opened: all of {limit} for anonymous users are in use. Give leases back sooner, or "
            + "raise McpClientPoolOptions.MaxAnonymousSessions.",
            refused.Message);
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        await leases[0].DisposeAsync();
        Assert.Equal("anonymous", await services.CallForAsync(null));
        foreach (McpClientLease lease in leases)
        {
            await lease.DisposeAsync();
        }
    }

    [Fact]
    public async Task Anonymous_users_over_their_bound_evict_no_signed_in_users_session()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, maxSessions: 2);
        await using McpClientLease anonymous = await services.RentForAsync(null);
        await services.CallForAsync(Users.Alice);

        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => services.RentForAsync(null));

        await services.CallForAsync(Users.Alice);
        Assert.Single(backend.Exchanges, exchange => exchange is { Rpc: "initialize", Subject: "alice" });
    }

    [Fact]
    public async Task Shared_client_serves_more_anonymous_users_than_may_have_sessions()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = ServicesFor(backend, maxSessions: 2);

        McpClientLease[] leases = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => services.RentForAsync(null)));

        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "server/discover");
        await Task.WhenAll(leases.Select(lease => lease.DisposeAsync().AsTask()));
    }

    private static ServiceProvider ServicesFor(McpBackend backend, int maxSessions, int? maxAnonymous = null) =>
        McpTesting.ServicesFor(backend)
        .AddSingleton<TimeProvider>(new FakeTimeProvider())
        .ConfigurePool(pool => (pool.MaxSessions, pool.MaxAnonymousSessions) = (maxSessions, maxAnonymous))
        .BuildServiceProvider();
}
