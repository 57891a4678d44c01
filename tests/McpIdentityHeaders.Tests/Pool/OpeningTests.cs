using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Concurrent first rents of one user wait for one connect, and cancelling one does not fail the others.</summary>
public sealed class OpeningTests
{
    [Theory]
    [InlineData(McpBackendKind.Stateless, "server/discover")]
    [InlineData(McpBackendKind.Sessions, "initialize")]
    [InlineData(McpBackendKind.OlderStateless, "initialize")]
    [InlineData(McpBackendKind.LegacySse, "initialize")]
    public async Task Concurrent_first_rents_of_one_user_make_one_connect(McpBackendKind kind, string opens)
    {
        var held = new RequestGate(context => !RequestGate.IsDelete(context));
        await using McpBackend backend = await McpBackend.StartAsync(kind, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        Task<string>[] calls = [.. Enumerable.Range(0, 20).Select(_ => services.CallForAsync(Users.Alice))];
        await held.Arrived;
        held.Release();

        Assert.All(await Task.WhenAll(calls), subject => Assert.Equal("alice", subject));
        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == opens);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, 500)]
    [InlineData(McpBackendKind.Sessions, 500)]
    [InlineData(McpBackendKind.Sessions, 401)]
    [InlineData(McpBackendKind.Sessions, null)]
    [InlineData(McpBackendKind.OlderStateless, 503)]
    [InlineData(McpBackendKind.LegacySse, 500)]
    [InlineData(McpBackendKind.LegacySse, null)]
    public async Task Failed_connect_fails_all_waiters_and_is_not_remembered(McpBackendKind kind, int? status)
    {
        bool fails = true;
        var held = new RequestGate(_ => fails);
        await using McpBackend backend = await McpBackend.StartAsync(kind, (context, next) => held.HoldAsync(context, _ =>
            fails ? FailAsync(context, status) : next(context)));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        Task<string>[] calls = [.. Enumerable.Range(0, 5).Select(_ => services.CallForAsync(Users.Alice))];
        await held.Arrived;
        held.Release();
        foreach (Task<string> call in calls)
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => call);
        }

        fails = false;
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Waiter_that_cancels_leaves_the_others_their_connect(int canceled)
    {
        var held = new RequestGate(RequestGate.IsInitialize);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        using var cancellation = new CancellationTokenSource();
        Task<McpClientLease>[] rents =
        [
            .. Enumerable.Range(0, 3).Select(i => services.RentForAsync(Users.Alice, i == canceled ? cancellation.Token : default)),
        ];
        await held.Arrived;

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rents[canceled]);
        held.Release();

        foreach (Task<McpClientLease> rent in rents.Where(rent => rent != rents[canceled]))
        {
            await using McpClientLease lease = await rent;
            Assert.Equal("pong", await lease.Client.CallTextAsync("ping"));
        }

        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "initialize");
        Assert.Single(backend.LiveSessions);
    }

    [Fact]
    public async Task Connect_whose_last_waiter_canceled_is_canceled_and_leaves_nothing()
    {
        var held = new RequestGate(RequestGate.IsInitialize);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        using var cancellation = new CancellationTokenSource();
        Task<McpClientLease>[] rents = [.. Enumerable.Range(0, 3).Select(_ => services.RentForAsync(Users.Alice, cancellation.Token))];
        await held.Arrived;

        await cancellation.CancelAsync();
        foreach (Task<McpClientLease> rent in rents)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent);
        }

        await held.Aborted;
        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Rent_after_a_canceled_connect_opens_another()
    {
        var held = new RequestGate(RequestGate.IsInitialize);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        using var cancellation = new CancellationTokenSource();
        Task<McpClientLease> first = services.RentForAsync(Users.Alice, cancellation.Token);
        await held.Arrived;

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        // Not after the first has gone: it must not matter how long that takes.
        Task<string> second = services.CallForAsync(Users.Alice);
        await held.Aborted;
        held.Release();

        Assert.Equal("alice", await second);
        Assert.Single(backend.LiveSessions);
    }

    [Fact]
    public async Task Session_whose_connect_is_canceled_late_is_deleted_at_the_backend()
    {
        var held = new RequestGate(RequestGate.IsInSession);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        using var cancellation = new CancellationTokenSource();
        Task<McpClientLease> rent = services.RentForAsync(Users.Alice, cancellation.Token);
        await held.Arrived;

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent);
        McpExchange delete = await backend.WaitForAsync(exchange => exchange.Http == "DELETE");
        Assert.Equal("alice", delete.Subject);
    }

    [Fact]
    public async Task Rent_whose_token_is_canceled_beforehand_opens_nothing()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => services.RentForAsync(Users.Bob, new CancellationToken(canceled: true)));

        Assert.DoesNotContain(backend.Exchanges, exchange => exchange.Subject == "bob");
    }

    private static Task FailAsync(HttpContext context, int? status)
    {
        if (status is null)
        {
            context.Abort();
        }

        context.Response.StatusCode = status ?? 500;
        return Task.CompletedTask;
    }
}
