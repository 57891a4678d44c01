using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>One shared client, where it keeps no state of one user.</summary>
public sealed class SharedClientTests
{
    private const string Discovery = "server/discover";

    [Fact]
    public async Task Shared_client_serves_concurrent_users_and_each_call_carries_its_own()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        var clients = new ConcurrentBag<McpClient>();

        string[] responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(number => (number % 5) switch
        {
            0 => AmbientIdentity.RunAsync(null, CallAsync),
            1 => AmbientIdentity.RunAsync(Users.Anonymous, CallAsync),
            2 => CallAsync(),
            _ => AmbientIdentity.RunAsync(Users.Named($"user-{number}"), CallAsync),
        }));

        Assert.Equal(Enumerable.Range(0, 50).Select(number => number % 5 < 3 ? "anonymous" : $"user-{number}"), responses);
        Assert.Single(clients.Distinct());
        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == Discovery);

        async Task<string> CallAsync()
        {
            await using McpClientLease lease = await services.RentAsync();
            clients.Add(lease.Pooled());
            return await lease.Client.CallTextAsync("whoami");
        }
    }

    [Fact]
    public async Task Lease_carries_its_renter_where_the_user_is_unknown()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);
        Assert.Same(alices.Pooled(), bobs.Pooled());

        Assert.Equal(
            ["alice", "bob", "alice"],
            [
                await alices.Client.CallTextAsync("whoami"),
                await bobs.Client.CallTextAsync("whoami"),
                await alices.Client.CallTextAsync("whoami"),
            ]);
    }

    [Theory]
    [InlineData(Flow.Anonymous)]
    [InlineData(Flow.OfAnonymous)]
    [InlineData(Flow.OfBob)]
    public async Task Lease_of_a_shared_client_refuses_another_user(Flow caller)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        using (caller.Enter())
        {
            var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("whoami"));
            Assert.Equal(ClaimInjectionErrorReason.OtherUser, refused.Reason);
        }

        Assert.Empty(backend.Calls());
    }

    [Fact]
    public async Task Lease_of_an_anonymous_user_refuses_a_signed_in_one()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(null);

        Assert.Equal("anonymous", await lease.Client.CallTextAsync("whoami"));
        await Assert.ThrowsAsync<ClaimInjectionException>(
            () => AmbientIdentity.RunAsync(Users.Alice, () => lease.Client.CallTextAsync("whoami")));
    }

    [Fact]
    public async Task Client_that_an_anonymous_user_opened_serves_a_signed_in_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        Assert.Equal("anonymous", await services.CallForAsync(null));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));

        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == Discovery);
    }

    [Fact]
    public async Task Backends_of_all_kinds_get_the_clients_they_need_and_each_users_own_calls()
    {
        string[] subjects = ["alice", "bob", "carol", "dave"];
        const int rounds = 3;
        await using McpBackend stateless = await McpBackend.StartAsync(McpBackendKind.Stateless, PoolTesting.SignInByHeaderAsync);
        await using McpBackend sessions = await McpBackend.StartAsync(McpBackendKind.Sessions, PoolTesting.SignInByHeaderAsync);
        await using McpBackend older = await McpBackend.StartAsync(McpBackendKind.OlderStateless, PoolTesting.SignInByHeaderAsync);
        await using McpBackend sse = await McpBackend.StartAsync(McpBackendKind.LegacySse, PoolTesting.SignInByHeaderAsync);
        McpBackend[] backends = [stateless, sessions, older, sse];
        await using ServiceProvider services = GatewayOf(backends);

        await Task.WhenAll(
            from backend in backends
            from subject in subjects
            from round in Enumerable.Range(0, rounds)
            select CallAsync(backend.Kind, subject));

        Assert.Single(stateless.Exchanges, exchange => exchange.Rpc == Discovery);
        Assert.All(backends[1..], backend =>
            Assert.Equal(
                subjects, backend.Exchanges.Where(exchange => exchange.Rpc == "initialize").Select(exchange => exchange.Subject).Order()));
        Assert.All(backends, backend =>
            Assert.Equal(
                subjects.SelectMany(subject => Enumerable.Repeat(subject, rounds)), backend.Calls().Select(call => call.Subject).Order()));

        Task CallAsync(McpBackendKind kind, string subject) => AmbientIdentity.RunAsync(Users.Named(subject), async () =>
        {
            await using McpClientLease lease = await services.Pool().RentAsync(kind.ToString());
            Assert.Equal(subject, await lease.Client.CallTextAsync("whoami"));
        });
    }

    [Fact]
    public async Task Closing_a_users_sessions_leaves_the_shared_client_open()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await services.Pool().CloseAsync(Users.Alice);

        Assert.Equal("pong", await lease.Client.CallTextAsync("ping"));
        await using McpClientLease next = await services.RentForAsync(Users.Alice);
        Assert.Same(lease.Pooled(), next.Pooled());
    }

    [Fact]
    public async Task Idle_shared_client_is_closed_and_opened_again_at_need()
    {
        var time = new FakeTimeProvider();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).AddSingleton<TimeProvider>(time).BuildServiceProvider();
        McpClient first = await ClientForAsync(services, Users.Alice);

        time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.Same(first, await ClientForAsync(services, Users.Bob));

        time.Advance(TimeSpan.FromMinutes(10));
        await first.Completion.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.NotSame(first, await ClientForAsync(services, Users.Bob));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal(2, backend.Exchanges.Count(exchange => exchange.Rpc == Discovery));
    }

    [Fact]
    public async Task Leased_shared_client_is_not_closed_as_idle()
    {
        var time = new FakeTimeProvider();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).AddSingleton<TimeProvider>(time).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        // Bob's return starts no timeout while Alice holds a lease.
        Assert.Same(lease.Pooled(), await ClientForAsync(services, Users.Bob));
        time.Advance(TimeSpan.FromHours(1));

        Assert.Same(lease.Pooled(), await ClientForAsync(services, Users.Bob));
        Assert.Equal("pong", await lease.Client.CallTextAsync("ping"));
    }

    [Fact]
    public async Task Backend_that_refuses_alice_first_does_not_fail_bob_who_waits_for_her()
    {
        var bobWaits = new TaskCompletionSource();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, async (context, next) =>
        {
            if (context.Request.Headers["X-User-Sub"] == "alice")
            {
                await bobWaits.Task;
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return;
            }

            await next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        Task<string> alice = services.CallForAsync(Users.Alice);
        Task<string> bob = services.CallForAsync(Users.Bob);
        bobWaits.SetResult();

        await Assert.ThrowsAsync<HttpRequestException>(() => alice);
        Assert.Equal("bob", await bob);
        Assert.Equal("anonymous", await services.CallForAsync(null));
        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == Discovery && exchange.Subject != "alice");
    }

    private static async Task<McpClient> ClientForAsync(IServiceProvider services, ClaimsPrincipal? user)
    {
        await using McpClientLease lease = await services.RentForAsync(user);
        return lease.Pooled();
    }

    /// <summary>One client a backend, named by its kind.</summary>
    private static ServiceProvider GatewayOf(IEnumerable<McpBackend> backends)
    {
        var services = new ServiceCollection();
        foreach (McpBackend backend in backends)
        {
            string name = backend.Kind.ToString();
            services.AddMcpClient(name, backend.Endpoint).AddClaimInjection();
            services.Configure<HttpClientTransportOptions>(name, transport => transport.TransportMode =
                backend.Kind == McpBackendKind.LegacySse ? HttpTransportMode.Sse : HttpTransportMode.StreamableHttp);
            services.Configure<McpClientOptions>(name, options =>
                options.ProtocolVersion = backend.Kind == McpBackendKind.Stateless ? "2026-07-28" : "2025-11-25");
        }

        return services.BuildServiceProvider();
    }
}
