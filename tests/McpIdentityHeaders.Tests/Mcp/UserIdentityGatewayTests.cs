using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>A gateway that is an MCP server in front of another one: what its tools call arrives there as its caller.</summary>
public sealed class UserIdentityGatewayTests
{
    private static readonly string?[] Names = ["alice", "bob", null, "carol", "alice", null];

    public static TheoryData<UserServerKind, McpBackendKind, string> Pairs
    {
        get
        {
            var data = new TheoryData<UserServerKind, McpBackendKind, string>();
            UserServerKind[] kinds =
                [UserServerKind.Stateless, UserServerKind.Sessions, UserServerKind.SessionsOfOneFlow, UserServerKind.LegacySse];
            foreach (UserServerKind gateway in kinds)
            {
                foreach (McpBackendKind backend in new[] { McpBackendKind.Stateless, McpBackendKind.Sessions, McpBackendKind.LegacySse })
                {
                    data.Add(gateway, backend, "pooled");
                    data.Add(gateway, backend, "connected");
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Calls_reach_the_backend_as_their_caller(UserServerKind kind, McpBackendKind backendKind, string tool)
    {
        await using McpBackend backend = await McpBackend.StartAsync(backendKind);
        await using UserServer gateway = await StartGatewayAsync(kind, backend);

        foreach (string? name in Names)
        {
            await using McpClient client = await gateway.ConnectAsync(new Caller(name));

            Assert.Equal(name ?? "anonymous", await client.CallTextAsync(tool));
        }

        Assert.Equal(Names, backend.Calls().Select(call => call.Subject));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Concurrent_calls_reach_the_backend_as_their_callers(McpBackendKind backendKind)
    {
        string?[] names = [.. Enumerable.Range(0, 20).Select(number => number % 5 == 0 ? null : $"user-{number}")];
        var held = new AsyncGate(expected: names.Length);
        await using McpBackend backend = await McpBackend.StartAsync(backendKind);
        await using UserServer gateway = await StartGatewayAsync(UserServerKind.Stateless, backend, held);
        await using McpClient client = await gateway.ConnectAsync(new Caller("opener") { OfFlow = true });

        Task<string[]> answers = Task.WhenAll(names.Select(name => Caller.CallAsAsync(name, () => client.CallTextAsync("held"))));
        await held.Arrived;
        held.Release();

        Assert.Equal(names.Select(name => name ?? "anonymous"), await answers);
        Assert.Equal(names.Order(), backend.Calls().Select(call => call.Subject).Order());
    }

    [Theory]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.LegacySse)]
    public async Task Work_that_outlives_its_call_carries_the_user_who_started_it(UserServerKind kind)
    {
        var held = new AsyncGate();
        var results = new RelayTools.Results();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using UserServer gateway = await StartGatewayAsync(kind, backend, held, results);
        await using (McpClient alices = await gateway.ConnectAsync(new Caller("alice")))
        {
            Assert.Equal("started", await alices.CallTextAsync("started"));
        }

        await held.Arrived;
        await using McpClient bobs = await gateway.ConnectAsync(new Caller("bob"));
        Assert.Equal("bob", await bobs.CallTextAsync("pooled"));
        held.Release();

        Assert.Equal("alice", await results.First.WaitAsync(AsyncGate.Patience));
    }

    [Theory]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.SessionsOfOneFlow)]
    [InlineData(UserServerKind.LegacySse)]
    public async Task Call_after_the_callers_response_to_a_question_carries_the_caller(UserServerKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using UserServer gateway = await StartGatewayAsync(kind, backend);
        string[] names = ["alice", "bob"];

        string[] answers = await Task.WhenAll(names.Select(async name =>
        {
            await using McpClient client = await gateway.ConnectAsync(new Caller(name), options =>
                options.Handlers.ElicitationHandler = (_, _) =>
                    ValueTask.FromResult(new ModelContextProtocol.Protocol.ElicitResult { Action = "accept" }));
            return await client.CallTextAsync("elicited");
        }));

        Assert.Equal(names, answers);
        Assert.Equal(names, backend.Calls().Select(call => call.Subject!).Order());
    }

    private static Task<UserServer> StartGatewayAsync(
        UserServerKind kind, McpBackend backend, AsyncGate? held = null, RelayTools.Results? results = null) =>
        UserServer.StartAsync(
            kind,
            mcp =>
            {
                RelayTools.AddTo(mcp, backend);
                mcp.Services.AddSingleton(results ?? new RelayTools.Results());
            },
            held: held,
            signIn: SignInWithSubjectAsync);

    /// <summary>With a subject, as a real sign-in does, so that the SDK binds sessions to users.</summary>
    private static Task SignInWithSubjectAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.Authorization.ToString() is { Length: > 0 } name)
        {
            context.User = Users.Named(name);
        }

        return next(context);
    }
}
