using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A host that stops closes every session, after everything that may need one and for no longer than it has time.</summary>
public sealed class HostShutdownTests
{
    [Fact]
    public async Task Host_that_stops_closes_all_sessions_at_once_leased_ones_too()
    {
        var held = new RequestGate(RequestGate.IsDelete, expected: 4);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        using IHost host = await StartHostAsync(backend);
        await using McpClientLease alices = await host.Services.RentForAsync(Users.Alice);
        await using McpClientLease anonymous = await host.Services.RentForAsync(null);
        await host.Services.CallForAsync(Users.Bob);
        await host.Services.CallForAsync(Users.Named("carol"));

        Task stopping = host.StopAsync();
        await held.Arrived;
        Assert.False(stopping.IsCompleted);
        held.Release();
        await stopping;

        Assert.Empty(backend.LiveSessions);
        Assert.Equal(
            [null, "alice", "bob", "carol"],
            backend.Exchanges.Where(exchange => exchange.Http == "DELETE").Select(exchange => exchange.Subject).Order());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => host.Services.RentForAsync(Users.Alice));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => host.Services.RentForAsync(Users.Named("dave")));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => host.Services.RentForAsync(null));
    }

    [Fact]
    public async Task Host_that_must_stop_now_gives_up_a_backend_that_does_not_respond()
    {
        var held = new RequestGate(RequestGate.IsDelete, expected: 2);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);

        // A clock that stands still, so that CloseTimeout is not what ends it.
        using IHost host = await StartHostAsync(backend, services => services.AddSingleton<TimeProvider>(new FakeTimeProvider()));
        await host.Services.CallForAsync(Users.Alice);
        await host.Services.CallForAsync(Users.Bob);
        using var now = new CancellationTokenSource();

        Task stopping = host.StopAsync(now.Token);
        await held.Arrived;
        await now.CancelAsync();

        // The host decides whether StopAsync throws.
        await stopping.ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(RequestGate.Patience);
        await held.Aborted;
    }

    [Fact]
    public async Task Service_that_stops_can_still_rent()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        using IHost host = await StartHostAsync(backend, services => services
            .AddSingleton<LastCaller>().AddHostedService(provider => provider.GetRequiredService<LastCaller>()));
        Assert.Equal("alice", await host.Services.CallForAsync(Users.Alice));

        await host.StopAsync();

        Assert.Equal(["alice", "bob"], host.Services.GetRequiredService<LastCaller>().Answers);
        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Service_registered_before_the_client_can_still_rent_when_it_stops()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        using IHost host = await StartHostAsync(backend, first: services => services
            .AddSingleton<LastCaller>().AddHostedService(provider => provider.GetRequiredService<LastCaller>()));

        await host.StopAsync();

        Assert.Equal(["alice", "bob"], host.Services.GetRequiredService<LastCaller>().Answers);
        Assert.Empty(backend.LiveSessions);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Session_being_opened_when_the_host_stops_leaves_nothing(bool isKnownToTheBackend)
    {
        var held = new RequestGate(isKnownToTheBackend ? RequestGate.IsInSession : RequestGate.IsInitialize);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        using IHost host = await StartHostAsync(backend);
        Task<McpClientLease> alices = host.Services.RentForAsync(Users.Alice);
        await held.Arrived;
        Task<McpClientLease> bobs = host.Services.RentForAsync(Users.Bob);

        await host.StopAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => alices);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => bobs);
        await held.Aborted;
        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Container_of_a_host_that_has_stopped_is_disposed_without_another_delete()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        IHost host = await StartHostAsync(backend);
        await host.Services.CallForAsync(Users.Alice);
        await host.StopAsync();

        await ((IAsyncDisposable)host).DisposeAsync();

        Assert.Single(backend.Exchanges, exchange => exchange.Http == "DELETE");
    }

    [Fact]
    public async Task Host_that_never_rented_stops()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        using IHost host = await StartHostAsync(backend);

        await host.StopAsync();

        Assert.Empty(backend.Exchanges);
    }

    private static async Task<IHost> StartHostAsync(
        McpBackend backend, Action<IServiceCollection>? last = null, Action<IServiceCollection>? first = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        first?.Invoke(builder.Services);
        builder.Services.Add(McpTesting.ServicesFor(backend));
        last?.Invoke(builder.Services);

        IHost host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Sends its last calls when it stops.</summary>
    private sealed class LastCaller(IMcpClientPool pool) : IHostedService
    {
        public List<string> Answers { get; } = [];

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            foreach (ClaimsPrincipal user in (ClaimsPrincipal[])[Users.Alice, Users.Bob])
            {
                using IdentityScope scope = AmbientIdentity.Use(user);
                await using McpClientLease lease = await pool.RentAsync(McpTesting.ClientName, cancellationToken);
                Answers.Add(await lease.Client.CallTextAsync("whoami"));
            }
        }
    }
}
