using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>A client's messages without a response run for their own user as well.</summary>
public sealed class UserIdentityNotificationTests
{
    private const string Custom = "notifications/custom";
    private const string RootsListChanged = "notifications/roots/list_changed";

    public static TheoryData<UserServerKind, string> Everywhere
    {
        get
        {
            var data = new TheoryData<UserServerKind, string>();
            foreach (UserServerKind kind in Enum.GetValues<UserServerKind>())
            {
                data.Add(kind, Custom);
                data.Add(kind, NotificationMethods.ProgressNotification);
                if (kind != UserServerKind.Stateless)
                {
                    data.Add(kind, RootsListChanged);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Handler_of_a_notification_runs_as_its_own_user(UserServerKind kind, string method)
    {
        await using UserServer server = await UserServer.StartAsync(kind, mcp => Listen(mcp, method).WithUserIdentity());
        var caller = new Caller("opener");
        await using McpClient client = await server.ConnectAsync(caller);

        foreach (string? name in new[] { "alice", "bob", null, "opener" })
        {
            caller.Name = name;
            await client.SendMessageAsync(new JsonRpcNotification { Method = method });

            Assert.Equal($"{method}: {name ?? UserNames.Anonymous}", await server.ObservedRequests.NextAsync());
        }
    }

    [Theory]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.LegacySse)]
    [InlineData(UserServerKind.Streams)]
    public async Task Notification_of_one_user_does_not_change_the_call_of_another_that_is_open(UserServerKind kind)
    {
        var held = new AsyncGate();
        await using UserServer server = await UserServer.StartAsync(kind, mcp => Listen(mcp, Custom).WithUserIdentity(), held: held);
        var caller = new Caller("alice");
        await using McpClient client = await server.ConnectAsync(caller);

        Task<string> alices = client.CallTextAsync("hold");
        await held.Arrived;
        caller.Name = "bob";
        await client.SendMessageAsync(new JsonRpcNotification { Method = Custom });
        string bobs = await server.ObservedRequests.NextAsync();
        held.Release();

        Assert.Equal($"{Custom}: bob", bobs);
        Assert.Equal("alice", await alices);
    }

    [Theory]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.SessionsOfOneFlow)]
    [InlineData(UserServerKind.Streams)]
    public async Task Handshake_runs_as_the_user_who_opens_the_session(UserServerKind kind)
    {
        await using UserServer server = await UserServer.StartAsync(
            kind, mcp => Listen(mcp, NotificationMethods.InitializedNotification).WithUserIdentity());
        await using McpClient client = await server.ConnectAsync(new Caller("opener"));

        Assert.Equal($"{NotificationMethods.InitializedNotification}: opener", await server.ObservedRequests.NextAsync());
    }

    private static IMcpServerBuilder Listen(IMcpServerBuilder mcp, string method)
    {
        mcp.Services.AddOptions<McpServerOptions>().Configure<ObservedRequests>((options, sightings) =>
            options.Handlers.NotificationHandlers = [new(method, async (_, _) =>
            {
                await Task.Yield();
                sightings.Add(method);
            })]);
        return mcp;
    }
}
