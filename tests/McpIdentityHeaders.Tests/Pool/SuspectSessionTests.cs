using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A backend that responds 400 may have lost the session, as many do at a restart, or refuse the call alone.</summary>
public sealed class SuspectSessionTests
{
    private readonly ConcurrentDictionary<string, bool> _forgotten = new();
    private bool _refusesCalls;

    [Fact]
    public async Task Session_that_the_backend_has_lost_is_replaced_at_the_next_rent()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, AnswerAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        string session = Assert.Single(backend.LiveSessions);
        _forgotten[session] = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => services.CallForAsync(Users.Alice));

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.All(backend.Exchanges, exchange => Assert.Equal("alice", exchange.Subject));
        Assert.Equal(2, backend.Exchanges.Count(exchange => exchange.Rpc == "initialize"));
    }

    [Fact]
    public async Task Session_that_the_backend_still_knows_is_kept()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, AnswerAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        _refusesCalls = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => services.CallForAsync(Users.Alice));
        _refusesCalls = false;

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "initialize");
        Assert.Equal("alice", Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "ping").Subject);
    }

    [Fact]
    public async Task Rent_canceled_while_probing_leaves_the_session_to_others()
    {
        var asked = new TaskCompletionSource();
        var answers = new TaskCompletionSource();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            if (context.Request.Headers["Mcp-Method"] == "ping" && asked.TrySetResult())
            {
                await answers.Task;
            }

            await AnswerAsync(context, next);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);
        _refusesCalls = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => services.CallForAsync(Users.Alice));
        _refusesCalls = false;

        using var givesUp = new CancellationTokenSource();
        Task<McpClientLease> rent = services.RentForAsync(Users.Alice, givesUp.Token);
        await asked.Task;
        await givesUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent);
        answers.SetResult();

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "initialize");
    }

    [Fact]
    public async Task Rent_that_probes_while_the_user_signs_out_fails()
    {
        var held = new RequestGate(context => context.Request.Headers["Mcp-Method"] == "ping");
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Sessions, (context, next) => held.HoldAsync(context, again => AnswerAsync(again, next)));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);
        _refusesCalls = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => services.CallForAsync(Users.Alice));

        Task<McpClientLease> rent = services.RentForAsync(Users.Alice);
        await held.Arrived;
        await services.Pool().CloseAsync(Users.Alice);
        held.Release();

        InvalidOperationException refusal = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => rent);
        Assert.Equal("MCP client 'backend': no session was rented: the user's sessions were closed meanwhile.", refusal.Message);
        Assert.Empty(backend.LiveSessions);
    }

    private Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        bool isRefused = _forgotten.ContainsKey(context.Request.Headers["Mcp-Session-Id"].ToString())
            || (_refusesCalls && context.Request.Headers["Mcp-Method"] == "tools/call");
        if (isRefused)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        }

        return next(context);
    }
}
