using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Users wait for a probe only while its result is open, and where sharing is possible.</summary>
public sealed class ProbeTests
{
    [Theory]
    [InlineData("bob", "carol")]
    [InlineData("carol", "bob")]
    public async Task User_does_not_wait_for_a_second_probe(string hanging, string other)
    {
        var heldAlices = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        var held = new RequestGate(context => RequestGate.IsOf(context, hanging));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) =>
            heldAlices.HoldAsync(context, again => held.HoldAsync(again, last => RefuseAliceAsync(last, next))));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await heldAlices.Arrived;
        Task<string> hangs = services.CallForAsync(Users.Named(hanging));
        Task<string> others = services.CallForAsync(Users.Named(other));

        heldAlices.Release();
        await Assert.ThrowsAsync<HttpRequestException>(() => alices);
        await held.Arrived;

        try
        {
            Assert.Equal(other, await others.WaitAsync(RequestGate.Patience));
            Assert.Equal("dave", await services.CallForAsync(Users.Named("dave")).WaitAsync(RequestGate.Patience));
        }
        finally
        {
            held.Release();
        }

        Assert.Equal(hanging, await hangs);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Stalled_connect_keeps_others_waiting_for_a_second_at_most(McpBackendKind kind)
    {
        var time = new FakeTimeProvider();
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(kind, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend, mcp: options => options.ProtocolVersion = null)
            .AddSingleton<TimeProvider>(time).BuildServiceProvider();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;
        Task<string>[] waiting =
            [.. Enumerable.Range(0, 50).Select(i => services.CallForAsync(Users.Named($"user-{i}"))), services.CallForAsync(null)];

        time.Advance(TimeSpan.FromSeconds(1));

        try
        {
            string[] expected = [.. Enumerable.Range(0, 50).Select(i => $"user-{i}"), "anonymous"];
            Assert.Equal(expected, await Task.WhenAll(waiting).WaitAsync(RequestGate.Patience));

            // Another does not wait at all.
            Assert.Equal("late", await services.CallForAsync(Users.Named("late")).WaitAsync(RequestGate.Patience));
        }
        finally
        {
            held.Release();
        }

        Assert.Equal("alice", await alices);
    }

    [Fact]
    public async Task User_who_comes_a_second_into_a_stalled_connect_does_not_wait()
    {
        var time = new FakeTimeProvider();
        var heldAlices = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        var heldBobs = new RequestGate(context => RequestGate.IsOf(context, "bob"));
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Sessions, (context, next) => heldAlices.HoldAsync(context, again => heldBobs.HoldAsync(again, next)));
        await using ServiceProvider services = McpTesting.ServicesFor(backend, mcp: options => options.ProtocolVersion = null)
            .AddSingleton<TimeProvider>(time).BuildServiceProvider();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await heldAlices.Arrived;
        time.Advance(TimeSpan.FromSeconds(1));

        Task<string> bobs = services.CallForAsync(Users.Bob);
        await heldBobs.Arrived;
        Assert.Equal("carol", await services.CallForAsync(Users.Named("carol")).WaitAsync(RequestGate.Patience));

        heldAlices.Release();
        heldBobs.Release();
        Assert.Equal(["alice", "bob"], await Task.WhenAll(alices, bobs));
    }

    public static TheoryData<string, Action<McpClientOptions>> NotShared => new()
    {
        { "pinned", options => options.ProtocolVersion = "2025-11-25" },
        { "pinned older", options => options.ProtocolVersion = "2025-06-18" },
        { "elicitation", options => options.Handlers.ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult()) },
        { "notifications", options => options.Handlers.NotificationHandlers = [] },
#pragma warning disable MCP9005 // Deprecated by the SDK, and still what a program may have set.
        { "roots", options => options.Handlers.RootsHandler = (_, _) => ValueTask.FromResult(new ListRootsResult { Roots = [] }) },
        { "sampling", options => options.Handlers.SamplingHandler = (_, _, _) => throw new NotSupportedException() },
#pragma warning restore MCP9005
    };

    [Theory]
    [MemberData(nameof(NotShared), DisableDiscoveryEnumeration = true)]
    public async Task No_user_waits_where_the_clients_options_rule_sharing_out(string condition, Action<McpClientOptions> configure)
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options =>
            {
                options.ProtocolVersion = null;
                configure(options);
            })
            .AddSingleton<TimeProvider>(new FakeTimeProvider())
            .BuildServiceProvider();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;

        try
        {
            Assert.Equal((condition, "bob"), (condition, await services.CallForAsync(Users.Bob).WaitAsync(RequestGate.Patience)));
        }
        finally
        {
            held.Release();
        }

        Assert.Equal("alice", await alices);
    }

    [Fact]
    public async Task Login_of_one_user_delays_no_other()
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .Configure<HttpClientTransportOptions>(
                McpTesting.ClientName,
                transport => transport.OAuth = new ClientOAuthOptions { RedirectUri = new Uri("http://localhost/callback") })
            .BuildServiceProvider();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;

        try
        {
            Assert.Equal("bob", await services.CallForAsync(Users.Bob).WaitAsync(RequestGate.Patience));
        }
        finally
        {
            held.Release();
        }

        Assert.Equal("alice", await alices);
    }

    private static Task RefuseAliceAsync(HttpContext context, RequestDelegate next)
    {
        if (RequestGate.IsOf(context, "alice"))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        return next(context);
    }
}
