using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>MaxSessions holds: the session idle longest is evicted, a leased one never.</summary>
public sealed class MaxSessionsTests
{
    [Fact]
    public async Task Session_that_was_idle_longest_is_evicted()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, max: 3);
        foreach (string user in (string[])["alice", "bob", "carol", "alice"])
        {
            await services.CallForAsync(Users.Named(user));
        }

        await services.CallForAsync(Users.Named("dave"));
        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "bob" });
        await services.CallForAsync(Users.Named("erin"));
        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "carol" });
        await services.CallForAsync(Users.Alice);

        Assert.Single(backend.Exchanges, exchange => exchange is { Rpc: "initialize", Subject: "alice" });
    }

    [Fact]
    public async Task Session_that_is_leased_is_never_evicted()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, max: 2);
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await services.CallForAsync(Users.Bob);

        Assert.Equal("carol", await services.CallForAsync(Users.Named("carol")));

        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "bob" });
        Assert.Equal("alice", await alices.Client.CallTextAsync("whoami"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rent_fails_while_all_sessions_are_leased_and_works_after_a_return(bool anonymous)
    {
        ClaimsPrincipal? second = anonymous ? null : Users.Bob;
        ClaimsPrincipal? third = anonymous ? null : Users.Named("carol");
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, max: 2);
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        McpClientLease others = await services.RentForAsync(second);

        var exception = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => services.RentForAsync(third));
        Assert.Equal(
            "MCP client 'backend': no session was opened: all of 2 are in use. Give leases back sooner, or raise "
            + "McpClientPoolOptions.MaxSessions.",
            exception.Message);

        // A user with a session is not refused.
        await using McpClientLease again = await services.RentForAsync(Users.Alice);
        await others.DisposeAsync();
        Assert.Equal(anonymous ? "anonymous" : "carol", await services.CallForAsync(third));
    }

    [Fact]
    public async Task Failed_connects_hold_no_slot()
    {
        bool fails = true;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) =>
        {
            if (!fails)
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        });
        await using ServiceProvider services = ServicesFor(backend, max: 1);
        foreach (string user in (string[])["alice", "bob", "alice"])
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => services.CallForAsync(Users.Named(user)));
        }

        fails = false;

        Assert.Equal("carol", await services.CallForAsync(Users.Named("carol")));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Fact]
    public async Task Sessions_that_the_backend_ended_hold_no_slot()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, max: 1);
        for (int round = 0; round < 3; round++)
        {
            McpClientLease lease = await services.RentForAsync(Users.Alice);
            await backend.EndSessionAsync(backend.LiveSessions.Single());
            await Assert.ThrowsAnyAsync<Exception>(() => lease.Client.CallTextAsync("ping"));
            await lease.DisposeAsync();
        }

        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
    }

    [Fact]
    public async Task Canceled_rents_release_their_slots()
    {
        var held = new RequestGate(RequestGate.IsInitialize, expected: 2);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = ServicesFor(backend, max: 2, share: false);
        using var cancellation = new CancellationTokenSource();
        Task<McpClientLease>[] rents =
        [
            services.RentForAsync(Users.Alice, cancellation.Token), services.RentForAsync(Users.Bob, cancellation.Token),
        ];
        await held.Arrived;
        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => services.RentForAsync(Users.Named("carol")));

        await cancellation.CancelAsync();
        foreach (Task<McpClientLease> rent in rents)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent);
        }

        // Waits for what is still being given up.
        await services.Pool().CloseAsync(Users.Alice);
        await services.Pool().CloseAsync(Users.Bob);
        held.Release();

        await using McpClientLease carols = await services.RentForAsync(Users.Named("carol"));
        await using McpClientLease daves = await services.RentForAsync(Users.Named("dave"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Concurrent_rents_get_at_most_MaxSessions_sessions(bool share)
    {
        const int Max = 3;
        var held = new RequestGate(RequestGate.IsInitialize);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = ServicesFor(backend, Max, share);

        Task<McpClientLease>[] rents =
            [.. Enumerable.Range(0, 20).Select(i => services.RentForAsync(i == 7 ? null : Users.Named($"user{i}")))];
        await held.Arrived;
        held.Release();
        await Task.WhenAll(rents).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal(Max, rents.Count(rent => rent.IsCompletedSuccessfully));
        Assert.All(
            rents.Where(rent => rent.IsFaulted),
            rent => Assert.Contains(
                "McpClientPoolOptions.MaxSessions",
                Assert.IsAssignableFrom<InvalidOperationException>(rent.Exception!.InnerException).Message));
        Assert.Equal(Max, backend.LiveSessions.Count);
    }

    [Fact]
    public async Task Users_no_more_than_MaxSessions_at_a_time_are_all_served()
    {
        const int Max = 3;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, PoolTesting.SignInByHeaderAsync);
        await using ServiceProvider services = ServicesFor(backend, Max);
        using var places = new SemaphoreSlim(Max);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(async i =>
        {
            await places.WaitAsync();
            string user = $"user{i % 11}";
            Assert.Equal(user, await services.CallForAsync(Users.Named(user)));
            places.Release();
        }));

        await services.DisposeAsync();
        Assert.Empty(backend.LiveSessions);
    }

    private static ServiceProvider ServicesFor(McpBackend backend, int max, bool share = true) => McpTesting.ServicesFor(backend)
        .ConfigurePool(pool =>
        {
            pool.MaxSessions = max;
            pool.ShareStatelessClients = share;
        })
        .BuildServiceProvider();
}
