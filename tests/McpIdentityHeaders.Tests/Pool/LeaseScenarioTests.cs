using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What the SDK's client can do works through a lease as it does on the SDK's client itself.</summary>
public sealed class LeaseScenarioTests
{
    private static readonly Dictionary<string, Func<McpClient, Task<object?>>> Scenarios = new()
    {
        ["ServerCapabilities"] = client => Task.FromResult<object?>(client.ServerCapabilities),
        ["ServerInfo"] = client => Task.FromResult<object?>(client.ServerInfo),
        ["ServerInstructions"] = client => Task.FromResult<object?>(client.ServerInstructions),
        ["NegotiatedProtocolVersion"] = client => Task.FromResult<object?>(client.NegotiatedProtocolVersion),
        ["SessionId"] = client => Task.FromResult<object?>(client.SessionId is null),
        ["Completion"] = client => Task.FromResult<object?>(client.Completion.IsCompleted),
        ["PingAsync"] = async client => await client.PingAsync(),
        ["PingAsync with parameters"] = async client => await client.PingAsync(new PingRequestParams()),
        ["ListToolsAsync"] = async client => (await client.ListToolsAsync()).Select(tool => tool.Name),
        ["ListToolsAsync with parameters"] = async client =>
            (await client.ListToolsAsync(new ListToolsRequestParams())).Tools.Select(tool => tool.Name),
        ["ListPromptsAsync"] = async client => (await client.ListPromptsAsync()).Select(prompt => prompt.Name),
        ["ListPromptsAsync with parameters"] = async client =>
            (await client.ListPromptsAsync(new ListPromptsRequestParams())).Prompts.Select(prompt => prompt.Name),
        ["ListPromptsAsync and get"] = async client =>
            (await (await client.ListPromptsAsync())[0].GetAsync(new Dictionary<string, object?> { ["name"] = "Alice" })).Messages,
        ["GetPromptAsync"] = async client =>
            (await client.GetPromptAsync("greeting", new Dictionary<string, object?> { ["name"] = "Alice" })).Messages,
        ["GetPromptAsync with parameters"] = async client =>
            (await client.GetPromptAsync(new GetPromptRequestParams { Name = "greeting", Arguments = Json("name", "Bob") })).Messages,
        ["ListResourcesAsync"] = async client => (await client.ListResourcesAsync()).Select(resource => resource.Uri),
        ["ListResourcesAsync with parameters"] = async client =>
            (await client.ListResourcesAsync(new ListResourcesRequestParams())).Resources.Select(resource => resource.Uri),
        ["ListResourcesAsync and read"] = async client => (await (await client.ListResourcesAsync())[0].ReadAsync()).Contents.Count,
        ["ListResourceTemplatesAsync"] = async client =>
            (await client.ListResourceTemplatesAsync()).Select(template => template.UriTemplate),
        ["ListResourceTemplatesAsync with parameters"] = async client =>
            (await client.ListResourceTemplatesAsync(new ListResourceTemplatesRequestParams())).ResourceTemplates
                .Select(template => template.UriTemplate),
        ["ListResourceTemplatesAsync and read"] = async client =>
            TextOf(await (await client.ListResourceTemplatesAsync())[0].ReadAsync(new Dictionary<string, object?> { ["id"] = "7" })),
        ["ReadResourceAsync"] = async client => TextOf(await client.ReadResourceAsync(FeatureServer.Resource)),
        ["ReadResourceAsync of a URI"] = async client => TextOf(await client.ReadResourceAsync(new Uri("test://note/1"))),
        ["ReadResourceAsync of a template"] = async client =>
            TextOf(await client.ReadResourceAsync("test://note/{id}", new Dictionary<string, object?> { ["id"] = "2" })),
        ["ReadResourceAsync with parameters"] = async client =>
            TextOf(await client.ReadResourceAsync(new ReadResourceRequestParams { Uri = FeatureServer.Resource })),
        ["CompleteAsync"] = async client => await client.CompleteAsync(new PromptReference { Name = "greeting" }, "name", "A"),
        ["CompleteAsync with parameters"] = async client => await client.CompleteAsync(new CompleteRequestParams
        {
            Ref = new PromptReference { Name = "greeting" },
            Argument = new Argument { Name = "name", Value = "A" },
        }),
        ["SubscribeToResourceAsync"] = async client =>
        {
            await client.SubscribeToResourceAsync(FeatureServer.Resource);
            await client.UnsubscribeFromResourceAsync(FeatureServer.Resource);
            return null;
        },
        ["SubscribeToResourceAsync of a URI"] = async client =>
        {
            await client.SubscribeToResourceAsync(new Uri(FeatureServer.Resource));
            await client.UnsubscribeFromResourceAsync(new Uri(FeatureServer.Resource));
            return null;
        },
        ["SubscribeToResourceAsync with a handler"] = async client =>
        {
            var updated = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using IAsyncDisposable subscription = await client.SubscribeToResourceAsync(FeatureServer.Resource, (update, _) =>
            {
                updated.TrySetResult(update.Uri);
                return ValueTask.CompletedTask;
            });
            await client.CallToolAsync("update");
            return await updated.Task.WaitAsync(AsyncGate.Patience);
        },
        ["UnsubscribeFromResourceAsync"] = async client =>
        {
            await client.UnsubscribeFromResourceAsync(new UnsubscribeRequestParams { Uri = FeatureServer.Resource });
            return null;
        },
        ["CallToolAsync"] = async client => (await client.CallToolAsync("whoami")).Content,
        ["CallToolAsync of an unknown tool"] = async client => await client.CallToolAsync("unknown"),
        ["CallToolAsync with parameters"] = async client =>
            (await client.CallToolAsync(new CallToolRequestParams { Name = "whoami" })).Content,
        ["CallToolAsync with progress"] = async client => await client.CallWithProgressAsync(value => Assert.Equal(1, value.Progress)),
        ["CallToolAsync of a listed tool with progress"] = async client =>
        {
            McpClientTool tool = (await client.ListToolsAsync()).First(tool => tool.Name == "progress");
            return await FeatureServer.CallWithProgressAsync(
                (arguments, progress) => tool.CallAsync(arguments, progress), value => Assert.Equal(1, value.Progress));
        },
        ["CallToolAsync of a tool that asks"] = async client => (await client.CallToolAsync("confirm")).Content,
        ["CallToolAsync that is cancelled"] = async client =>
        {
            using var cancelled = new CancellationTokenSource();
            Task<CallToolResult> call = client.CallToolAsync("wait", cancellationToken: cancelled.Token).AsTask();
            await cancelled.CancelAsync();
            return await call;
        },
#pragma warning disable MCP9005 // Deprecated by the SDK, and still methods of its client.
        ["SetLoggingLevelAsync"] = async client =>
        {
            await client.SetLoggingLevelAsync(LogLevel.Error);
            await client.SetLoggingLevelAsync(LoggingLevel.Error);
            await client.SetLoggingLevelAsync(new SetLevelRequestParams { Level = LoggingLevel.Error });
            return null;
        },
#pragma warning restore MCP9005
        ["SendRequestAsync"] = async client =>
            (await client.SendRequestAsync(
                new JsonRpcRequest { Method = "tools/call", Params = new JsonObject { ["name"] = "ping" } })).Result!["content"],
        ["SendRequestAsync of types"] = async client =>
            (await client.SendRequestAsync<CallToolRequestParams, CallToolResult>(
                "tools/call", new CallToolRequestParams { Name = "ping" })).Content,
        ["SendRequestAsync of a task"] = async client =>
            await client.SendRequestAsync(new JsonRpcRequest { Method = "tasks/get", Params = new JsonObject { ["taskId"] = "1" } }),
        ["SendMessageAsync"] = async client =>
        {
            await client.SendMessageAsync(new JsonRpcNotification { Method = "notifications/roots/list_changed" });
            return null;
        },
        ["SendNotificationAsync"] = async client =>
        {
            await client.SendNotificationAsync("notifications/roots/list_changed");
            await client.SendNotificationAsync("notifications/roots/list_changed", new JsonObject());
            return null;
        },
        ["NotifyProgressAsync"] = async client =>
        {
            await client.NotifyProgressAsync(new ProgressToken("1"), new ProgressNotificationValue { Progress = 1 });
            return null;
        },
        ["RegisterNotificationHandler"] = async client =>
        {
            var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using IAsyncDisposable registration = client.RegisterNotificationHandler(
                NotificationMethods.ResourceUpdatedNotification,
                (notification, _) =>
                {
                    heard.TrySetResult(notification.Method);
                    return ValueTask.CompletedTask;
                });
            await client.CallToolAsync("update");
            return await heard.Task.WaitAsync(AsyncGate.Patience);
        },
#pragma warning disable MCP9005
        ["ResolveInputRequestsAsync"] = async client => await client.ResolveInputRequestsAsync(
            new Dictionary<string, InputRequest> { ["question"] = InputRequest.ForRootsList(new ListRootsRequestParams()) },
            CancellationToken.None),
#pragma warning restore MCP9005
        ["AddKnownTools"] = async client =>
        {
            client.AddKnownTools(await RegionAsync(client));
            return (await client.CallToolAsync("region", new Dictionary<string, object?> { ["region"] = "north" })).Content;
        },
        ["AddKnownTools before a listing"] = async client =>
        {
            Tool region = Assert.Single(await RegionAsync(client));
            client.AddKnownTools([new Tool { Name = "whoami", InputSchema = region.InputSchema }]);
            await client.ListPromptsAsync();
            await client.ListToolsAsync();
            return (await client.CallToolAsync("region", new Dictionary<string, object?> { ["region"] = "north" })).Content;
        },
        ["AddKnownTools of what is not listed"] = async client =>
        {
            // The backend does not know it: whether its header was sent shows in the requests.
            client.AddKnownTools([new Tool { Name = "hidden", InputSchema = Assert.Single(await RegionAsync(client)).InputSchema }]);
            await client.ListToolsAsync();
            return await client.CallToolAsync("hidden", new Dictionary<string, object?> { ["region"] = "north" });
        },
        ["AddKnownTools of an invalid one"] = client =>
        {
            client.AddKnownTools([new Tool { Name = "bad", InputSchema = InvalidSchema }]);
            return Task.FromResult<object?>(null);
        },
        ["RemoveKnownTools"] = async client =>
        {
            client.AddKnownTools(await RegionAsync(client));
            client.RemoveKnownTools(["region"]);
            return (await client.CallToolAsync("region", new Dictionary<string, object?> { ["region"] = "north" })).Content;
        },
        ["ClearKnownTools"] = async client =>
        {
            client.AddKnownTools(await RegionAsync(client));
            client.ClearKnownTools();
            return (await client.CallToolAsync("region", new Dictionary<string, object?> { ["region"] = "north" })).Content;
        },
    };

    public static TheoryData<McpBackendKind, string> Cases
    {
        get
        {
            var cases = new TheoryData<McpBackendKind, string>();
            foreach (string scenario in Scenarios.Keys)
            {
                cases.Add(McpBackendKind.Sessions, scenario);
                cases.Add(McpBackendKind.Stateless, scenario);
            }

            return cases;
        }
    }

    private static JsonElement InvalidSchema => JsonSerializer.Deserialize<JsonElement>(
        """{ "type": "object", "properties": { "where": { "type": "object", "x-mcp-header": "Where" } } }""");

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Client_of_a_lease_and_of_a_factory_do_what_the_sdks_client_does(McpBackendKind kind, string scenario)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Internal.McpSession session = await services.OpenSessionAsync(Users.Alice);
        await using McpClient direct = session.Client;
        await using McpClient factorys = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        string expected = await OutcomeAsync(scenario, direct);

        Assert.Equal(expected, await OutcomeAsync(scenario, factorys));
        Assert.Equal(expected, await OutcomeAsync(scenario, lease.Client));
        Assert.All(backend.Calls(), call => Assert.Equal("alice", call.Subject));
        if (scenario.Contains("KnownTools", StringComparison.Ordinal))
        {
            // Each made the same calls, one after the other.
            Assert.True(backend.Calls().Select(call => call.Headers.GetValueOrDefault("Mcp-Param-Region")).Distinct().Count() <= 1);
        }
    }

    [Fact]
    public void Methods_of_the_sdks_client_are_all_among_the_scenarios()
    {
        IEnumerable<string> members =
            from type in new[] { typeof(McpClient), typeof(ModelContextProtocol.McpSession) }
            from member in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            where member is PropertyInfo or MethodInfo { IsSpecialName: false } && member.Name != nameof(IAsyncDisposable.DisposeAsync)
            select member.Name;

        Assert.Empty(members.Distinct().Except(Scenarios.Keys.Select(scenario => scenario.Split(' ')[0])));
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.Stateless)]
    public async Task Parameter_of_a_listed_tool_is_sent_as_its_header(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        McpClientTool tool = (await lease.Client.ListToolsAsync()).First(tool => tool.Name == "region");
        CallToolResult result = await tool.CallAsync(new Dictionary<string, object?> { ["region"] = "north" });

        Assert.Equal("north:north", Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text);
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.Stateless)]
    public async Task Tool_listed_by_one_lease_is_known_to_the_next(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using (McpClientLease first = await services.RentForAsync(Users.Alice))
        {
            await first.Client.ListToolsAsync();
        }

        await using McpClientLease second = await services.RentForAsync(Users.Alice);
        CallToolResult result = await second.Client.CallToolAsync("region", new Dictionary<string, object?> { ["region"] = "north" });

        Assert.Equal("north:north", Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text);
    }

    [Fact]
    public async Task Users_of_a_shared_client_each_send_the_headers_of_the_tools_they_were_shown()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);
        Tool region = Assert.Single(await RegionAsync(alices.Client));

        alices.Client.AddKnownTools([region]);
        bobs.Client.AddKnownTools([new Tool { Name = "region", InputSchema = SchemaWithoutHeader }]);
        CallToolResult result = await alices.Client.CallToolAsync("region", new Dictionary<string, object?> { ["region"] = "north" });
        await OutcomeAsync("CallToolAsync of an unknown tool", bobs.Client);

        Assert.Equal("north:north", Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("""{ "name": null, "inputSchema": {} }""")]
    [InlineData("""{ "name": "", "inputSchema": { "x-mcp-header": 1 } }""")]
    public async Task Odd_tools_in_a_list_reach_who_reads_it_as_it_is(string tool)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            if (context.Request.Headers["Mcp-Method"] == "tools/list")
            {
                using JsonDocument request = await JsonDocument.ParseAsync(context.Request.Body);
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(
                    $$"""{ "jsonrpc": "2.0", "id": {{request.RootElement.GetProperty("id").GetRawText()}}, "result": { "tools": [{{tool}}] } }""");
                return;
            }

            await next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        JsonRpcResponse response = await lease.Client.SendRequestAsync(new JsonRpcRequest { Method = "tools/list" });

        Assert.Single(response.Result!["tools"]!.AsArray());
        Assert.Equal("alice", await lease.Client.CallTextAsync("whoami"));
    }

    [Fact]
    public async Task Session_that_the_backend_ends_completes_the_leases_client()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await backend.EndSessionAsync(backend.LiveSessions.Single());
        await Assert.ThrowsAnyAsync<Exception>(() => lease.Client.CallTextAsync("ping"));

        await lease.Client.Completion.WaitAsync(AsyncGate.Patience);
    }

    private static JsonElement SchemaWithoutHeader => JsonSerializer.Deserialize<JsonElement>(
        """{ "type": "object", "properties": { "region": { "type": "string" } } }""");

    private static async Task<string> OutcomeAsync(string scenario, McpClient client)
    {
        try
        {
            return JsonSerializer.Serialize(await Scenarios[scenario](client), McpJsonUtilities.DefaultOptions);
        }
        catch (OperationCanceledException)
        {
            return "cancelled";
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }

    /// <summary>The tool with a parameter in a header, as another client lists it.</summary>
    private static async Task<IEnumerable<Tool>> RegionAsync(McpClient client) =>
        (await client.ListToolsAsync()).Where(tool => tool.Name == "region").Select(tool => tool.ProtocolTool);

    private static Dictionary<string, JsonElement> Json(string name, string value) =>
        new Dictionary<string, JsonElement> { [name] = JsonSerializer.SerializeToElement(value) };

    private static string TextOf(ReadResourceResult result) => Assert.IsType<TextResourceContents>(Assert.Single(result.Contents)).Text;
}
