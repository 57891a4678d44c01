using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>A client's response to the server's request is an incoming message too, and the asking tool keeps its user.</summary>
public sealed class UserIdentityResponseTests
{
    [Theory]
    [InlineData(UserServerKind.Sessions, "bob")]
    [InlineData(UserServerKind.SessionsOfOneFlow, "bob")]
    [InlineData(UserServerKind.LegacySse, "bob")]
    [InlineData(UserServerKind.Streams, "bob")]
    [InlineData(UserServerKind.Sessions, null)]
    [InlineData(UserServerKind.SessionsOfOneFlow, null)]
    [InlineData(UserServerKind.LegacySse, null)]
    [InlineData(UserServerKind.Streams, null)]
    public async Task Response_runs_as_its_sender_and_the_tool_as_its_caller(UserServerKind kind, string? answering)
    {
        await using UserServer server = await UserServer.StartAsync(kind, mcp => WatchAnswers(mcp).WithUserIdentity());
        var caller = new Caller("alice");
        await using McpClient client = await server.ConnectAsync(caller, options => options.Handlers.ElicitationHandler = (_, _) =>
        {
            caller.Name = answering;
            return ValueTask.FromResult(new ElicitResult { Action = "accept" });
        });

        Assert.Equal("alice", await client.CallTextAsync("ask"));

        Assert.Equal($"answer: {answering ?? UserNames.Anonymous}", await server.ObservedRequests.NextAsync());
    }

    [Theory]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.LegacySse)]
    [InlineData(UserServerKind.Streams)]
    public async Task Response_to_sampling_runs_as_its_sender_and_the_tool_as_its_caller(UserServerKind kind)
    {
        await using UserServer server =
            await UserServer.StartAsync(kind, mcp => WatchAnswers(mcp).WithUserIdentity().WithTools([McpServerTool.Create(SampleAsync)]));
        var caller = new Caller("alice");
        await using McpClient client = await server.ConnectAsync(caller, options =>
#pragma warning disable MCP9005 // Marked obsolete by the SDK, and still what many servers ask for.
            options.Handlers.SamplingHandler = (_, _, _) =>
            {
                caller.Name = "bob";
                return ValueTask.FromResult(
                    new CreateMessageResult { Model = "none", Content = [new TextContentBlock { Text = "so be it" }] });
            });
#pragma warning restore MCP9005

        Assert.Equal("alice, then alice", await client.CallTextAsync("sample"));

        Assert.Equal("answer: bob", await server.ObservedRequests.NextAsync());
    }

    [Fact]
    public async Task Users_who_are_asked_concurrently_stay_apart()
    {
        var bothAreAsked = new AsyncGate(expected: 2);
        await using UserServer server = await UserServer.StartAsync(UserServerKind.Sessions, mcp => WatchAnswers(mcp).WithUserIdentity());
        async Task<string> AskAsync(string name)
        {
            await using McpClient client =
                await server.ConnectAsync(new Caller(name), options => options.Handlers.ElicitationHandler = async (_, _) =>
            {
                await bothAreAsked.WaitAsync();
                return new ElicitResult { Action = "accept" };
            });
            return await client.CallTextAsync("ask");
        }

        Task<string[]> answers = Task.WhenAll(AskAsync("alice"), AskAsync("bob"));
        await bothAreAsked.Arrived;
        bothAreAsked.Release();

        Assert.Equal(["alice", "bob"], await answers);
        Assert.Equal(
            ["answer: alice", "answer: bob"],
            new[] { await server.ObservedRequests.NextAsync(), await server.ObservedRequests.NextAsync() }.Order());
    }

    [McpServerTool(Name = "sample")]
    private static async Task<string> SampleAsync(McpServer server, CancellationToken cancellationToken)
    {
        string before = UserNames.Ambient;
#pragma warning disable MCP9005 // Marked obsolete by the SDK, and still what many servers ask for.
        await server.SampleAsync(
            new CreateMessageRequestParams
            {
                MaxTokens = 10,
                Messages = [new SamplingMessage { Role = Role.User, Content = [new TextContentBlock { Text = "And?" }] }],
            },
            cancellationToken);
#pragma warning restore MCP9005
        return $"{before}, then {UserNames.Ambient}";
    }

    private static IMcpServerBuilder WatchAnswers(IMcpServerBuilder mcp) => mcp.WithMessageFilters(filters => filters.AddIncomingFilter(
        next => (context, cancellationToken) =>
        {
            if (context.JsonRpcMessage is JsonRpcResponse)
            {
                context.Services!.GetRequiredService<ObservedRequests>().Add("answer");
            }

            return next(context, cancellationToken);
        }));
}
