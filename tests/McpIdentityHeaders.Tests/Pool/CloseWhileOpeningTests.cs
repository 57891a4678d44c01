using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A user signs out while a session is being opened for that user.</summary>
public sealed class CloseWhileOpeningTests
{
    /// <summary>How long to wait for what should have ended at once, rather than forever.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("initialize")]
    [InlineData("notifications/initialized")]
    public async Task Rents_of_a_session_that_is_being_opened_fail_and_leave_no_session(string held)
    {
        var gate = new MessageGate(held);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, gate.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Task<McpClientLease>[] renting = [services.RentForAsync(Users.Alice), services.RentForAsync(Users.Alice)];
        await backend.WaitForAsync(exchange => exchange.Rpc == held);

        await services.Pool().CloseAsync(Users.Alice);

        await gate.Passed;
        gate.Open();
        await Task.WhenAll(renting.Select(AssertClosedMeanwhileAsync));
        Assert.Empty(backend.LiveSessions);
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Single(backend.LiveSessions);
    }

    [Fact]
    public async Task Session_that_the_backend_has_opened_already_is_deleted_there()
    {
        // The pending response has the session id: hanging up now would lose it.
        var gate = new MessageGate("initialize", holdsResponse: true);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, gate.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Task<McpClientLease> renting = services.RentForAsync(Users.Alice);
        await backend.WaitForAsync(exchange => exchange.Rpc == "initialize");

        Task closing = services.Pool().CloseAsync(Users.Alice);
        gate.Open();
        await closing;

        await AssertClosedMeanwhileAsync(renting);
        await gate.Passed;
        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Session_being_opened_delays_closing_no_longer_than_CloseTimeout()
    {
        var time = new FakeTimeProvider();
        var deleting = new TaskCompletionSource();
        var gate = new MessageGate("notifications/initialized");
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            if (HttpMethods.IsDelete(context.Request.Method))
            {
                deleting.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            }

            await gate.HoldAsync(context, next);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).AddSingleton<TimeProvider>(time).BuildServiceProvider();
        Task<McpClientLease> renting = services.RentForAsync(Users.Alice);
        await backend.WaitForAsync(exchange => exchange.Rpc == "notifications/initialized");

        Task closing = services.Pool().CloseAsync(Users.Alice);
        await deleting.Task;
        time.Advance(new McpClientPoolOptions().CloseTimeout);

        await closing.WaitAsync(Patience);
        await AssertClosedMeanwhileAsync(renting);
    }

    [Fact]
    public async Task Rent_that_waits_for_another_users_probe_fails()
    {
        // The second user waits: the first probes whether one client can serve all users.
        var gate = new MessageGate("initialize");
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, gate.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend, mcp: options => options.ProtocolVersion = null)
            .AddSingleton<TimeProvider>(new FakeTimeProvider()).BuildServiceProvider();
        Task<McpClientLease> bobs = services.RentForAsync(Users.Bob);
        await backend.WaitForAsync(exchange => exchange.Rpc == "initialize");
        Task<McpClientLease> alices = services.RentForAsync(Users.Alice);

        await services.Pool().CloseAsync(Users.Alice);
        gate.Open();

        await using McpClientLease rented = await bobs;
        await AssertClosedMeanwhileAsync(alices);
        Assert.Single(backend.LiveSessions);
    }

    private static async Task AssertClosedMeanwhileAsync(Task<McpClientLease> renting)
    {
        var error = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => renting);
        Assert.Equal(
            "MCP client 'backend': no session was rented: the user's sessions were closed meanwhile.", error.Message);
    }
}
