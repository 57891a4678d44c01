using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>One user's connect is no other user's, whether it fails or never ends.</summary>
public sealed class OpeningBesideOthersTests
{
    [Fact]
    public async Task Connect_refused_for_alice_does_not_fail_bobs()
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend =
            await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) => held.HoldAsync(context, _ =>
            RefuseAsync(context, next, "alice")));
        await using ServiceProvider services = ServicesFor(backend).BuildServiceProvider();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;

        Task<string>[] others =
        [
            services.CallForAsync(Users.Bob), services.CallForAsync(Users.Bob), services.CallForAsync(Users.Named("carol")),
            services.CallForAsync(null),
        ];
        held.Release();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => alices);
        Assert.Equal(["bob", "bob", "carol", "anonymous"], await Task.WhenAll(others));
        Assert.Single(backend.Exchanges, exchange => exchange is { Rpc: "initialize", Subject: "bob" });
    }

    [Fact]
    public async Task Hanging_connect_of_alice_does_not_delay_bob_where_the_backend_is_known()
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = ServicesFor(backend).BuildServiceProvider();
        Assert.Equal("carol", await services.CallForAsync(Users.Named("carol")));
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;

        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        Assert.Equal("anonymous", await services.CallForAsync(null));

        Assert.False(alices.IsCompleted);
        held.Release();
        Assert.Equal("alice", await alices);
    }

    [Fact]
    public async Task Hanging_connect_of_alice_does_not_delay_bob_where_sharing_is_off()
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(pool => pool.ShareStatelessClients = false).BuildServiceProvider();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;

        Assert.Equal("bob", await services.CallForAsync(Users.Bob));

        held.Release();
        Assert.Equal("alice", await alices);
    }

    [Fact]
    public async Task Bob_who_waits_for_alices_probe_is_served_when_she_cancels()
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        using var cancellation = new CancellationTokenSource();
        Task<McpClientLease> alices = services.RentForAsync(Users.Alice, cancellation.Token);
        await held.Arrived;
        Task<string> bobs = services.CallForAsync(Users.Bob);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alices);
        Assert.Equal("bob", await bobs);
    }

    [Fact]
    public async Task Bob_who_cancels_while_waiting_for_alices_connect_leaves_it_to_her()
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, held.HoldAsync);
        await using ServiceProvider services = ServicesFor(backend).BuildServiceProvider();
        using var cancellation = new CancellationTokenSource();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;
        Task<McpClientLease> bobs = services.RentForAsync(Users.Bob, cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bobs);
        held.Release();
        Assert.Equal("alice", await alices);
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "server/discover");
    }

    [Fact]
    public async Task Refusal_of_alice_is_not_remembered_for_her_either()
    {
        string refused = "alice";
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Sessions, (context, next) => RefuseAsync(context, next, refused));
        await using ServiceProvider services = ServicesFor(backend).BuildServiceProvider();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => services.CallForAsync(Users.Alice));
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));

        refused = "anonymous";

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal(2, backend.LiveSessions.Count);
    }

    private static Task RefuseAsync(HttpContext context, RequestDelegate next, string subject)
    {
        if (!RequestGate.IsOf(context, subject))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    // A stopped clock: what others wait for at most a second, they wait for as long as the test takes.
    private static IServiceCollection ServicesFor(McpBackend backend) =>
        McpTesting.ServicesFor(backend).AddSingleton<TimeProvider>(new FakeTimeProvider());
}
