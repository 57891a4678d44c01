using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Without sessions, 400 and 404 are errors of one call, which must not close the shared client.</summary>
public sealed class SuspectClientTests
{
    [Fact]
    public async Task Refused_call_of_one_user_leaves_the_shared_client_open()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            if (RequestGate.IsOf(context, "mallory") && context.Request.Headers["Mcp-Method"] == "tools/call")
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return Task.CompletedTask;
            }

            return next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        await Assert.ThrowsAsync<HttpRequestException>(() => services.CallForAsync(Users.Named("mallory")));

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        await Assert.ThrowsAsync<HttpRequestException>(() => services.CallForAsync(Users.Named("mallory")));
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        Assert.Equal(["alice", "mallory"], Discoverers(backend));
    }

    [Theory]
    [InlineData("mallory", StatusCodes.Status404NotFound)]
    [InlineData("mallory", StatusCodes.Status400BadRequest)]
    [InlineData("", StatusCodes.Status404NotFound)]
    [InlineData("", StatusCodes.Status400BadRequest)]
    public async Task Backend_that_refuses_all_of_one_users_requests_costs_no_other_user(string refused, int status)
    {
        bool refuses = false;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            if (refuses && context.Request.Headers["X-User-Sub"].ToString() == refused)
            {
                context.Response.StatusCode = status;
                return Task.CompletedTask;
            }

            return next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        ClaimsPrincipal? mallory = refused.Length == 0 ? null : Users.Named(refused);
        await services.CallForAsync(Users.Alice);
        refuses = true;

        for (int round = 0; round < 10; round++)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => services.CallForAsync(mallory));
            Assert.Equal("alice", await services.CallForAsync(Users.Alice));
            Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        }

        refuses = false;
        Assert.Equal(refused.Length == 0 ? "anonymous" : refused, await services.CallForAsync(mallory));
        Assert.Equal("alice", Assert.Single(Discoverers(backend), user => user is "alice" or "bob"));
    }

    [Fact]
    public async Task Backend_that_lets_one_user_initialize_alone_costs_no_other_user()
    {
        bool refuses = false;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            if (refuses
                && RequestGate.IsOf(context, "mallory")
                && context.Request.Headers["Mcp-Method"].ToString() is "tools/call" or "server/discover")
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            return next(context);
        });

        // Without a pinned protocol, the SDK falls back to an older one, which the backend speaks too.
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend, mcp: options => options.ProtocolVersion = null).BuildServiceProvider();
        await using McpClientLease shared = await services.RentForAsync(Users.Alice);
        Assert.Equal("mallory", await services.CallForAsync(Users.Named("mallory")));
        refuses = true;

        for (int round = 0; round < 5; round++)
        {
            await Record.ExceptionAsync(() => services.CallForAsync(Users.Named("mallory")));
            Assert.Equal("bob", await services.CallForAsync(Users.Bob));
            await services.Pool().CloseAsync(Users.Named("mallory"));
        }

        Assert.Contains(backend.Exchanges, exchange => exchange is { Rpc: "initialize", Subject: "mallory" });
        Assert.Equal("alice", Assert.Single(Discoverers(backend), user => user is "alice" or "bob"));
    }

    [Fact]
    public async Task Question_that_the_backend_stalls_for_one_user_holds_no_other_and_costs_none()
    {
        var time = new FakeTimeProvider();
        bool refuses = false;
        var held = new RequestGate(context =>
            refuses && RequestGate.IsOf(context, "mallory") && context.Request.Headers["Mcp-Method"] == "server/discover");
        await using McpBackend backend =
            await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) => held.HoldAsync(context, again =>
        {
            if (refuses && RequestGate.IsOf(again, "mallory"))
            {
                again.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            return next(again);
        }));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).AddSingleton<TimeProvider>(time).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);
        refuses = true;
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => services.CallForAsync(Users.Named("mallory")));
        Task<McpClientLease> mallorys = services.RentForAsync(Users.Named("mallory"));
        await held.Arrived;

        Assert.Equal("bob", await services.CallForAsync(Users.Bob).WaitAsync(RequestGate.Patience));
        time.Advance(TimeSpan.FromSeconds(5));

        // No response is no answer: what others share serves her too.
        await using McpClientLease lease = await mallorys;
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal(["alice", "mallory"], Discoverers(backend));
    }

    [Fact]
    public async Task Call_that_times_out_for_one_user_costs_no_other()
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "mallory"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);
        using var timeout = new CancellationTokenSource();
        await using McpClientLease lease = await services.RentForAsync(Users.Named("mallory"));
        Task call = AmbientIdentity.RunAsync(
            Users.Named("mallory"), () => lease.Client.CallToolAsync("ping", cancellationToken: timeout.Token).AsTask());
        await held.Arrived;

        await timeout.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        Assert.Equal(["alice"], Discoverers(backend));
    }

    [Fact]
    public async Task Method_unknown_to_the_backend_leaves_the_shared_client_open()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease first = await services.RentForAsync(Users.Alice);

        await AmbientIdentity.RunAsync(
            Users.Alice, () => Assert.ThrowsAnyAsync<Exception>(async () => await first.Client.ListPromptsAsync()));

        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal(["alice", "alice"], Discoverers(backend));
    }

    private static IEnumerable<string?> Discoverers(McpBackend backend) =>
        backend.Exchanges.Where(exchange => exchange.Rpc == "server/discover").Select(exchange => exchange.Subject);
}
