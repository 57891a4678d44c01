using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A session is closed as its owner's, in whatever flow that is done, and no backend can hold it up for long.</summary>
public sealed class ClosingTests
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(Flow.OfBob)]
    [InlineData(Flow.Anonymous)]
    [InlineData(Flow.OfAnonymous)]
    [InlineData(Flow.Unknown)]
    public async Task Delete_of_an_evicted_session_carries_its_user(Flow renter)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend).ConfigurePool(pool => pool.MaxSessions = 1).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        using (renter.Enter())
        {
            await using McpClientLease lease = await services.RentAsync();
            await AssertAlicesDeleteAsync(backend);
        }
    }

    [Theory]
    [InlineData(Flow.OfBob)]
    [InlineData(Flow.Anonymous)]
    [InlineData(Flow.OfAnonymous)]
    [InlineData(Flow.Unknown)]
    public async Task Delete_of_an_expired_session_carries_its_user(Flow timer)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        using (timer.Enter())
        {
            _time.Advance(TimeSpan.FromMinutes(10));
        }

        await AssertAlicesDeleteAsync(backend);
    }

    [Theory]
    [InlineData(Flow.OfBob, true)]
    [InlineData(Flow.OfBob, false)]
    [InlineData(Flow.Anonymous, true)]
    [InlineData(Flow.OfAnonymous, false)]
    [InlineData(Flow.Unknown, true)]
    [InlineData(Flow.Unknown, false)]
    public async Task Delete_when_the_container_is_disposed_carries_its_user(Flow disposer, bool synchronous)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);
        using IdentityScope? scope = disposer.Enter();

        await DisposeAsync(services, synchronous);

        await AssertAlicesDeleteAsync(backend);
        Assert.Empty(backend.LiveSessions);
    }

    [Theory]
    [InlineData(Flow.OfBob)]
    [InlineData(Flow.Unknown)]
    public async Task Delete_of_an_anonymous_session_carries_no_user_whoever_returns_it(Flow disposer)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClientLease lease = await services.RentForAsync(null);

        using (disposer.Enter())
        {
            await lease.DisposeAsync();
        }

        McpExchange delete = await backend.WaitForAsync(exchange => exchange.Http == "DELETE");
        Assert.Empty(delete.IdentityHeaders);
    }

    [Fact]
    public async Task Anonymous_lease_is_returned_in_time_if_the_backend_does_not_respond()
    {
        var held = new RequestGate(RequestGate.IsDelete);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = ServicesFor(backend).BuildServiceProvider();
        McpClientLease lease = await services.RentForAsync(null);

        Task givenBack = lease.DisposeAsync().AsTask();
        await held.Arrived;
        _time.Advance(CloseTimeout - TimeSpan.FromMilliseconds(1));
        Assert.False(givenBack.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await givenBack.WaitAsync(RequestGate.Patience);
        try
        {
            await held.Aborted;
        }
        finally
        {
            held.Release();
        }
    }

    [Fact]
    public async Task Users_lease_is_returned_without_waiting_for_the_backend()
    {
        var held = new RequestGate(RequestGate.IsDelete);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = ServicesFor(backend).ConfigurePool(pool => pool.MaxSessions = 1).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        Assert.Equal("bob", await services.CallForAsync(Users.Bob));

        await held.Arrived;
        _time.Advance(CloseTimeout);
        await held.Aborted;
        held.Release();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Container_is_disposed_in_time_if_the_backend_does_not_respond(bool synchronous)
    {
        var held = new RequestGate(RequestGate.IsDelete, expected: 3);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        ServiceProvider services = ServicesFor(backend).BuildServiceProvider();
        McpClientLease alices = await services.RentForAsync(Users.Alice);
        McpClientLease anonymous = await services.RentForAsync(null);
        await services.CallForAsync(Users.Bob);

        Task disposal = Task.Run(() => DisposeAsync(services, synchronous));
        await held.Arrived;
        _time.Advance(CloseTimeout);

        await disposal.WaitAsync(RequestGate.Patience);
        await held.Aborted;
        await alices.DisposeAsync();
        await anonymous.DisposeAsync();
    }

    [Fact]
    public async Task Canceled_connect_ends_its_session_in_time_if_the_backend_does_not_respond()
    {
        var held = new RequestGate(RequestGate.IsInSession);
        var heldDelete = new RequestGate(RequestGate.IsDelete);
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Sessions, (context, next) => held.HoldAsync(context, again => heldDelete.HoldAsync(again, next)));
        await using ServiceProvider services = ServicesFor(backend).BuildServiceProvider();
        using var cancellation = new CancellationTokenSource();
        Task<McpClientLease> rent = services.RentForAsync(Users.Alice, cancellation.Token);
        await held.Arrived;
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent);
        await heldDelete.Arrived;

        _time.Advance(CloseTimeout);

        try
        {
            await heldDelete.Aborted;
        }
        finally
        {
            heldDelete.Release();
        }
    }

    [Fact]
    public async Task Disposing_twice_does_nothing_more()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        IMcpClientPool pool = services.Pool();
        McpClientLease lease = await services.RentForAsync(Users.Alice);

        await services.DisposeAsync();
        await services.DisposeAsync();
        await ((IAsyncDisposable)pool).DisposeAsync();
        ((IDisposable)pool).Dispose();
        await lease.DisposeAsync();
        await lease.DisposeAsync();

        await AssertAlicesDeleteAsync(backend);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RentAsync(McpTesting.ClientName).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RentAsync("another").AsTask());
        Assert.Throws<ObjectDisposedException>(() => lease.Client);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Container_is_disposed_where_no_rent_ever_opened_a_session(bool synchronous)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentForAsync(Users.With(("name", "No Subject"))));

        await DisposeAsync(services, synchronous);
    }

    [Fact]
    public async Task Container_is_disposed_where_the_pools_options_are_not_valid()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceProvider services = McpTesting.ServicesFor(backend).ConfigurePool(pool => pool.MaxSessions = 0).BuildServiceProvider();
        await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => services.RentForAsync(Users.Alice));

        await services.DisposeAsync();
    }

    private static async Task AssertAlicesDeleteAsync(McpBackend backend)
    {
        await backend.WaitForAsync(exchange => exchange.Http == "DELETE");
        McpExchange delete = Assert.Single(backend.Exchanges, exchange => exchange.Http == "DELETE");
        Assert.Equal(("alice", "Alice Adams"), (delete.Subject, delete.UserName));
    }

    private static async Task DisposeAsync(ServiceProvider services, bool synchronous)
    {
        if (synchronous)
        {
            services.Dispose();
        }
        else
        {
            await services.DisposeAsync();
        }
    }

    private IServiceCollection ServicesFor(McpBackend backend) => McpTesting.ServicesFor(backend)
        .ConfigurePool(pool => pool.CloseTimeout = CloseTimeout)
        .AddSingleton<TimeProvider>(_time);
}
