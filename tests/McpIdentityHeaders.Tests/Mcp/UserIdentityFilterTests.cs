using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>A server's own filters see the user, and one that they set counts from then on.</summary>
public sealed class UserIdentityFilterTests
{
    public static TheoryData<UserServerKind, bool> KindsAndOrders
    {
        get
        {
            var data = new TheoryData<UserServerKind, bool>();
            foreach (UserServerKind kind in Enum.GetValues<UserServerKind>())
            {
                data.Add(kind, true);
                data.Add(kind, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(KindsAndOrders))]
    public async Task User_set_by_a_message_filter_counts_from_then_on(UserServerKind kind, bool filterFirst)
    {
        List<string> seen = [];
        await using UserServer server =
            await StartAsync(kind, filterFirst, mcp => mcp.WithMessageFilters(filters => filters.AddIncomingFilter(
            next => async (context, cancellationToken) =>
            {
                if (!IsCall(context))
                {
                    await next(context, cancellationToken);
                    return;
                }

                seen.Add(UserNames.Ambient);
                context.User = Users.With(("name", "carol"));
                seen.Add(UserNames.Ambient);
                await next(context, cancellationToken);
                seen.Add(UserNames.Ambient);
            })));
        await using McpClient client = await server.ConnectAsync(new Caller("alice"));

        Assert.Equal("carol", await client.CallTextAsync("who"));

        // Runs after the response is sent, unordered with its waiter.
        await client.DisposeAsync();
        Assert.Equal(["alice", "carol"], seen.Take(2));
        Assert.DoesNotContain(seen.Skip(2), who => who != "carol");
    }

    [Theory]
    [MemberData(nameof(KindsAndOrders))]
    public async Task User_set_by_a_request_filter_counts_from_then_on(UserServerKind kind, bool filterFirst)
    {
        List<string> seen = [];
        await using UserServer server =
            await StartAsync(kind, filterFirst, mcp => mcp.WithRequestFilters(filters => filters.AddCallToolFilter(
            next => async (context, cancellationToken) =>
            {
                seen.Add(UserNames.Ambient);
                context.User = Users.With(("name", "carol"));
                seen.Add(UserNames.Ambient);
                await Task.Yield();
                CallToolResult result = await next(context, cancellationToken);
                seen.Add(UserNames.Ambient);
                return result;
            })));
        await using McpClient client = await server.ConnectAsync(new Caller("alice"));

        Assert.Equal("carol", await client.CallTextAsync("who"));

        Assert.Equal(["alice", "carol", "carol"], seen);
    }

    [Theory]
    [MemberData(nameof(KindsAndOrders))]
    public async Task User_removed_by_a_filter_is_anonymous(UserServerKind kind, bool filterFirst)
    {
        await using UserServer server =
            await StartAsync(kind, filterFirst, mcp => mcp.WithMessageFilters(filters => filters.AddIncomingFilter(
            next => (context, cancellationToken) =>
            {
                context.User = IsCall(context) ? null : context.User;
                return next(context, cancellationToken);
            })));
        await using McpClient client = await server.ConnectAsync(new Caller("alice"));

        Assert.Equal(UserNames.Anonymous, await client.CallTextAsync("who"));
    }

    [Theory]
    [MemberData(nameof(KindsAndOrders))]
    public async Task Filters_see_the_user_before_and_after_the_handler(UserServerKind kind, bool filterFirst)
    {
        var sightings = new ObservedRequests();
        await using UserServer server = await StartAsync(kind, filterFirst, mcp => mcp
            .WithMessageFilters(filters => filters
                .AddIncomingFilter(next => (context, cancellationToken) =>
                {
                    if (IsCall(context))
                    {
                        sightings.Add("incoming");
                    }

                    return next(context, cancellationToken);
                })
                .AddOutgoingFilter(next => (context, cancellationToken) =>
                {
                    if (context.JsonRpcMessage is JsonRpcResponse { Result: { } result }
                        && result.ToJsonString().Contains("\"content\"", StringComparison.Ordinal))
                    {
                        sightings.Add("outgoing");
                    }

                    return next(context, cancellationToken);
                }))
            .WithRequestFilters(filters => filters.AddCallToolFilter(next => (context, cancellationToken) =>
            {
                sightings.Add("request");
                return next(context, cancellationToken);
            })));

        // Over streams the user is signed in by a filter that stands in front.
        var caller = new Caller("opener");
        await using McpClient client = await server.ConnectAsync(caller);
        caller.Name = "bob";
        Assert.Equal("bob", await client.CallTextAsync("who"));

        Assert.Equal(["incoming: bob", "request: bob", "outgoing: bob"], sightings.Take());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Scope_that_a_filter_opens_wins_over_the_messages_user(bool filterFirst)
    {
        await using UserServer server = await StartAsync(UserServerKind.Stateless, filterFirst, mcp => mcp.WithMessageFilters(filters =>
            filters.AddIncomingFilter(next => async (context, cancellationToken) =>
            {
                using IdentityScope scope = AmbientIdentity.Use(Users.With(("name", "carol")));
                await next(context, cancellationToken);
            })));
        await using McpClient client = await server.ConnectAsync(new Caller("alice"));

        Assert.Equal("carol", await client.CallTextAsync("who"));
    }

    [Theory]
    [InlineData(UserServerKind.Stateless)]
    [InlineData(UserServerKind.Streams)]
    public async Task User_of_a_message_that_a_filter_substitutes_counts(UserServerKind kind)
    {
        await using UserServer server =
            await StartAsync(kind, filterFirst: true, mcp => mcp.WithMessageFilters(filters => filters.AddIncomingFilter(
            next => (context, cancellationToken) =>
            {
                if (context.JsonRpcMessage is JsonRpcRequest { Method: RequestMethods.ToolsCall } request)
                {
                    context.JsonRpcMessage = new JsonRpcRequest
                    {
                        Id = request.Id,
                        Method = request.Method,
                        Params = request.Params,
                        Context = new JsonRpcMessageContext
                        {
                            RelatedTransport = request.Context!.RelatedTransport,
                            ProtocolVersion = request.Context.ProtocolVersion,
                            User = Users.With(("name", "carol")),
                        },
                    };
                }

                return next(context, cancellationToken);
            })));
        await using McpClient client = await server.ConnectAsync(new Caller("alice"));

        Assert.Equal("carol", await client.CallTextAsync("who"));
    }

    private static Task<UserServer> StartAsync(UserServerKind kind, bool filterFirst, Action<IMcpServerBuilder> addFilter) =>
        UserServer.StartAsync(kind, mcp =>
        {
            if (filterFirst)
            {
                addFilter(mcp);
                mcp.WithUserIdentity();
            }
            else
            {
                mcp.WithUserIdentity();
                addFilter(mcp);
            }
        });

    private static bool IsCall(MessageContext context) => context.JsonRpcMessage is JsonRpcRequest { Method: RequestMethods.ToolsCall };
}
