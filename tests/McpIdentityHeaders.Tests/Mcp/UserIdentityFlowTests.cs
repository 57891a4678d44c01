using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Where a message's user goes, and where not: into what the message starts, and not into what handles it.</summary>
public sealed class UserIdentityFlowTests
{
    public static TheoryData<UserServerKind> Kinds => [.. Enum.GetValues<UserServerKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Work_that_a_tool_starts_keeps_the_user_of_its_message(UserServerKind kind)
    {
        var held = new AsyncGate();
        await using UserServer server = await UserServer.StartAsync(kind, held: held);
        var caller = new Caller("alice");
        await using McpClient client = await server.ConnectAsync(caller);

        string started = await client.CallTextAsync("start");
        await held.Arrived;
        caller.Name = "bob";
        string bobs = await client.CallTextAsync("who");
        caller.Name = null;
        string anonymous = await client.CallTextAsync("who");
        held.Release();

        Assert.Equal(("alice", "bob", UserNames.Anonymous), (started, bobs, anonymous));
        Assert.Equal("background: alice", await server.ObservedRequests.NextAsync());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Work_that_an_anonymous_tool_call_starts_stays_anonymous(UserServerKind kind)
    {
        var held = new AsyncGate();
        await using UserServer server = await UserServer.StartAsync(kind, held: held);
        await using McpClient client = await server.ConnectAsync(new Caller(null));
        await using McpClient other = await server.ConnectAsync(new Caller("bob"));

        await client.CallTextAsync("start");
        await held.Arrived;
        Assert.Equal("bob", await other.CallTextAsync("who"));
        held.Release();

        Assert.Equal($"background: {UserNames.Anonymous}", await server.ObservedRequests.NextAsync());
    }

    [Theory]
    [InlineData(UserServerKind.Streams)]
    [InlineData(UserServerKind.SessionsOfOneFlow)]
    public async Task Loop_that_handles_messages_never_has_a_user(UserServerKind kind)
    {
        using var log = new FlowLog();
        await using UserServer server = await UserServer.StartAsync(
            kind, mcp => mcp.WithUserIdentity().Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log)));
        var caller = new Caller("opener");
        await using McpClient client = await server.ConnectAsync(caller);
        foreach (string? name in new[] { "alice", null, "bob" })
        {
            caller.Name = name;
            await client.CallTextAsync("who");
            Assert.True((await client.CallToolAsync("fail")).IsError);
        }

        IReadOnlyList<string> loop = log.Of("read JsonRpcRequest message");
        IReadOnlyList<string> handlers = log.Of("method 'tools/call' request handler called");

        // The session was opened by a request, and its flow knows no user: nothing but messages does.
        Assert.Equal(7, loop.Count);
        Assert.All(loop, who => Assert.Equal(UserNames.Unknown, who));
        Assert.Equal(["alice", "alice", UserNames.Anonymous, UserNames.Anonymous, "bob", "bob"], handlers);
    }

    [Theory]
    [InlineData(UserServerKind.Stateless)]
    [InlineData(UserServerKind.Sessions)]
    public async Task Http_request_has_its_own_ambient_user_again_after_its_message(UserServerKind kind)
    {
        var after = new ObservedRequests();
        await using UserServer server = await UserServer.StartAsync(kind, before: async (context, next) =>
        {
            using IdentityScope scope = AmbientIdentity.Use(Users.Named("mallory"));
            await next(context);
            if (HttpMethods.IsPost(context.Request.Method))
            {
                after.Add("after");
            }
        });
        await using McpClient client = await server.ConnectAsync(new Caller("alice"));

        Assert.Equal("alice", await client.CallTextAsync("who"));

        Assert.Equal("after: mallory", await after.NextAsync());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Call_after_one_that_failed_has_its_own_user(UserServerKind kind)
    {
        await using UserServer server = await UserServer.StartAsync(kind);
        var caller = new Caller("alice");
        await using McpClient client = await server.ConnectAsync(caller);

        Assert.True((await client.CallToolAsync("fail")).IsError);
        caller.Name = null;

        Assert.Equal(UserNames.Anonymous, await client.CallTextAsync("who"));
    }

    [Fact]
    public async Task Flow_that_runs_the_streams_stays_its_own()
    {
        await using UserServer server = await UserServer.StartAsync(UserServerKind.Streams);
        using IdentityScope scope = AmbientIdentity.Use(Users.Named("mallory"));
        await using McpClient client = await server.ConnectAsync(new Caller("alice"));

        Assert.Equal("alice", await client.CallTextAsync("who"));

        Assert.Equal("mallory", UserNames.Ambient);
    }

    [Fact]
    public async Task Work_that_outlives_its_message_keeps_the_user_and_not_the_message()
    {
        var services = new ServiceCollection();
        services.AddMcpServer().WithUserIdentity();
        await using ServiceProvider provider = services.BuildServiceProvider();
        McpMessageFilter filter =
            Assert.Single(provider.GetRequiredService<IOptions<McpServerOptions>>().Value.Filters.Message.IncomingFilters);
        await using var transport = new StreamServerTransport(Stream.Null, Stream.Null);
        await using McpServer server = McpServer.Create(transport, new McpServerOptions());
        var message = new MessageContext(server, new JsonRpcNotification { Method = "notifications/any" }) { User = Users.Named("alice") };
        var held = new AsyncGate();
        Task<string> outliving = null!;

        await filter((_, _) =>
        {
            outliving = Task.Run(async () =>
            {
                await held.WaitAsync();
                return UserNames.Ambient;
            });
            return Task.CompletedTask;
        })(message, CancellationToken.None);
        message.User = Users.Named("mallory");
        held.Release();

        Assert.Equal("alice", await outliving.WaitAsync(AsyncGate.Patience));
    }
}
