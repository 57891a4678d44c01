using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Each request of a client's runs for its own user, whoever sent the one before on the same session.</summary>
public sealed class UserIdentityMessageTests
{
    private static readonly string[] Places =
        ["tool", "prompt", "resource", "template", "completion", "tools/list", "prompts/list", "resources/list"];
    private static readonly string[] SessionPlaces = ["subscribe", "unsubscribe", "logging/setLevel"];

    public static TheoryData<UserServerKind, string> Everywhere
    {
        get
        {
            var data = new TheoryData<UserServerKind, string>();
            foreach (UserServerKind kind in Enum.GetValues<UserServerKind>())
            {
                bool keepsState = kind is not (UserServerKind.Stateless or UserServerKind.OlderStateless);
                foreach (string place in keepsState ? [.. Places, .. SessionPlaces] : Places)
                {
                    data.Add(kind, place);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Request_runs_as_its_own_user_on_a_session_of_several(UserServerKind kind, string place)
    {
        await using UserServer server = await UserServer.StartAsync(kind, mcp => Observe(mcp).WithUserIdentity());
        var caller = new Caller("opener");
        await using McpClient client = await server.ConnectAsync(caller);

        foreach (string? name in new[] { "alice", "bob", null, "opener", "alice" })
        {
            caller.Name = name;

            Assert.Equal(name ?? UserNames.Anonymous, await AskAsync(client, place, server.ObservedRequests));
        }
    }

    [Theory]
    [InlineData(UserServerKind.Stateless)]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.Streams)]
    public async Task User_is_unknown_to_a_server_without_WithUserIdentity(UserServerKind kind)
    {
        await using UserServer server = await UserServer.StartAsync(kind, mcp: _ => { });
        await using McpClient client = await server.ConnectAsync(new Caller("alice"));

        Assert.Equal(UserNames.Unknown, await client.CallTextAsync("who"));
    }

    [Theory]
    [InlineData(UserServerKind.Stateless)]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.LegacySse)]
    public async Task User_is_the_principal_of_the_http_request_itself(UserServerKind kind)
    {
        ClaimsPrincipal alice = Users.Alice;
        ClaimsPrincipal? seen = null;
        await using UserServer server = await UserServer.StartAsync(
            kind,
            mcp => mcp.WithUserIdentity().WithRequestFilters(filters => filters.AddCallToolFilter(next => (context, cancellationToken) =>
            {
                seen = AmbientIdentity.User;
                return next(context, cancellationToken);
            })),
            signIn: (context, next) =>
            {
                context.User = alice;
                return next(context);
            });
        await using McpClient client = await server.ConnectAsync(new Caller(null));

        Assert.Equal("Alice Adams", await client.CallTextAsync("who"));

        Assert.Same(alice, seen);
    }

    private static IMcpServerBuilder Observe(IMcpServerBuilder mcp)
    {
        IServiceProvider Services(ModelContextProtocol.Server.McpServer server) => server.Services!;
        ValueTask<EmptyResult> Saw(ModelContextProtocol.Server.McpServer server, string place)
        {
            Services(server).GetRequiredService<ObservedRequests>().Add(place);
            return ValueTask.FromResult(new EmptyResult());
        }

        mcp.WithCompleteHandler(
            (_, _) => ValueTask.FromResult(new CompleteResult { Completion = new Completion { Values = [UserNames.Ambient] } }))
            .WithSubscribeToResourcesHandler((request, _) => Saw(request.Server, "subscribe"))
            .WithUnsubscribeFromResourcesHandler((request, _) => Saw(request.Server, "unsubscribe"));
#pragma warning disable MCP9005 // Marked obsolete by the SDK, and still what many clients send.
        mcp.WithSetLoggingLevelHandler((request, _) => Saw(request.Server, "logging/setLevel"));
#pragma warning restore MCP9005
        return mcp.WithRequestFilters(filters => filters
            .AddListToolsFilter(next => async (request, cancellationToken) =>
            {
                await Saw(request.Server, "tools/list");
                return await next(request, cancellationToken);
            })
            .AddListPromptsFilter(next => async (request, cancellationToken) =>
            {
                await Saw(request.Server, "prompts/list");
                return await next(request, cancellationToken);
            })
            .AddListResourcesFilter(next => async (request, cancellationToken) =>
            {
                await Saw(request.Server, "resources/list");
                return await next(request, cancellationToken);
            }));
    }

    private static async Task<string> AskAsync(McpClient client, string place, ObservedRequests sightings)
    {
        switch (place)
        {
            case "tool":
                return await client.CallTextAsync("who");
            case "prompt":
                GetPromptResult prompt = await client.GetPromptAsync("who");
                return Assert.IsType<TextContentBlock>(Assert.Single(prompt.Messages).Content).Text;
            case "resource":
                return Text(await client.ReadResourceAsync("users://me"));
            case "template":
                return Text(await client.ReadResourceAsync("users://42/name"))["42: ".Length..];
            case "completion":
                CompleteResult completed = await client.CompleteAsync(new PromptReference { Name = "who" }, "argument", "value");
                return Assert.Single(completed.Completion.Values);
            case "tools/list":
                await client.ListToolsAsync();
                break;
            case "prompts/list":
                await client.ListPromptsAsync();
                break;
            case "resources/list":
                await client.ListResourcesAsync();
                break;
            case "subscribe":
                await client.SubscribeToResourceAsync("users://me");
                break;
            case "unsubscribe":
                await client.UnsubscribeFromResourceAsync("users://me");
                break;
            case "logging/setLevel":
#pragma warning disable MCP9005 // Marked obsolete by the SDK, and still what many clients send.
                await client.SetLoggingLevelAsync(LoggingLevel.Warning);
#pragma warning restore MCP9005
                break;
        }

        string sighting = Assert.Single(sightings.Take());
        Assert.StartsWith($"{place}: ", sighting, StringComparison.Ordinal);
        return sighting[$"{place}: ".Length..];
    }

    private static string Text(ReadResourceResult result) => Assert.IsType<TextResourceContents>(Assert.Single(result.Contents)).Text;
}
