using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A session outlives whoever rents first, and runs in a flow of its own.</summary>
public sealed class FlowTests
{
    private static readonly AsyncLocal<string?> Ambient = new();

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Response_to_the_server_runs_without_the_first_renters_ambient_state(McpBackendKind kind)
    {
        var seen = new ConcurrentQueue<(string? Ambient, string? User)>();
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = (_, _) =>
            {
                seen.Enqueue((Ambient.Value, AmbientIdentity.User?.FindFirst("sub")?.Value));
                return ValueTask.FromResult(new ElicitResult { Action = "decline" });
            })
            .BuildServiceProvider();

        Ambient.Value = "the first renter's";
        Assert.Equal("decline", await services.CallForAsync(Users.Alice, "ask"));
        Ambient.Value = "the second renter's";
        Assert.Equal("decline", await services.CallForAsync(Users.Alice, "ask"));

        Assert.Equal([(null, "alice"), (null, "alice")], seen);
    }

    [Fact]
    public async Task Sessions_own_requests_run_without_the_renters_ambient_state()
    {
        var seen = new ConcurrentQueue<Seen>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using (ServiceProvider services = McpTesting.ServicesFor(
            backend, http => http.AddHttpMessageHandler(() => new SeeingHandler(seen)))
            .ConfigurePool(pool => pool.MaxSessions = 1).BuildServiceProvider())
        {
            Ambient.Value = "alice's request";
            Assert.Equal("alice", await services.CallForAsync(Users.Alice));
            await backend.WaitForAsync(exchange => exchange is { Http: "GET", Subject: "alice" });

            // Closes Alice's, to make room.
            Ambient.Value = "bob's request";
            Assert.Equal("bob", await services.CallForAsync(Users.Bob));
            await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "alice" });
            await backend.WaitForAsync(exchange => exchange is { Http: "GET", Subject: "bob" });
        }

        IEnumerable<Seen> own = seen.Where(request => request.Rpc != "tools/call");
        Assert.All(own, request => Assert.Null(request.Ambient));
        Assert.Equal(2, own.Count(request => request.Http == "GET"));
        Assert.Equal(
            ["alice's request", "bob's request"], seen.Where(request => request.Rpc == "tools/call").Select(request => request.Ambient));
    }

    [Theory]
    [InlineData(Flow.OfBob)]
    [InlineData(Flow.Anonymous)]
    [InlineData(Flow.OfAnonymous)]
    [InlineData(Flow.Unknown)]
    public async Task Users_handler_sees_the_sessions_user_in_each_of_its_own_requests(Flow disposer)
    {
        var seen = new ConcurrentQueue<Seen>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddHttpMessageHandler(() => new SeeingHandler(seen))).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);
        await backend.WaitForAsync(exchange => exchange.Http == "GET");

        using (disposer.Enter())
        {
            await services.DisposeAsync();
        }

        Assert.Equal(["DELETE", "GET", "POST", "POST", "POST"], seen.Select(request => request.Http).Order());
        Assert.All(seen, request => Assert.Equal("alice", request.User));
    }

    [Fact]
    public async Task Renting_leaves_the_callers_flow_as_it_was()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        ClaimsPrincipal alice = Users.Alice;
        using IdentityScope scope = AmbientIdentity.Use(alice);
        Ambient.Value = "mine";

        await using (await services.RentAsync())
        {
            Assert.Same(alice, AmbientIdentity.User);
        }

        Assert.Same(alice, AmbientIdentity.User);
        Assert.Equal("mine", Ambient.Value);
        Assert.False(ExecutionContext.IsFlowSuppressed());
    }

    private sealed record Seen(string Http, string? Rpc, string? Ambient, string? User);

    private sealed class SeeingHandler(ConcurrentQueue<Seen> seen) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string content = request.Content is null ? string.Empty : await request.Content.ReadAsStringAsync(cancellationToken);
            string? rpc = content.Contains("\"tools/call\"", StringComparison.Ordinal) ? "tools/call" : null;
            seen.Enqueue(new Seen(request.Method.Method, rpc, FlowTests.Ambient.Value, AmbientIdentity.User?.FindFirst("sub")?.Value));
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
