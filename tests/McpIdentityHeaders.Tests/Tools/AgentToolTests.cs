using System.Runtime.CompilerServices;
using System.Text.Json;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Tools;

/// <summary>A backend's tools in the hands of an agent that serves many users.</summary>
public sealed class AgentToolTests
{
    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Ten_users_of_one_agent_each_arrive_as_themselves(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        IReadOnlyList<AIFunction> tools = await ListForAsync(services, Users.Named("first"));
        using var agent = new FunctionInvokingChatClient(new ScriptedChatClient());
        var options = new ChatOptions { Tools = [.. tools] };

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(number => AmbientIdentity.RunAsync(
            Users.Named($"user-{number}"), async () => (await agent.GetResponseAsync("Who am I?", options)).Text)));

        Assert.Equal(Enumerable.Range(0, 10).Select(number => $"user-{number}"), answers);
    }

    [Fact]
    public async Task Tool_is_described_as_the_backend_does()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        AIFunction tool = Assert.Single(await ListForAsync(services, Users.Alice), tool => tool.Name == "count");

        Assert.StartsWith("Reports its progress once", tool.Description, StringComparison.Ordinal);
        Assert.Contains("\"id\"", tool.JsonSchema.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_of_an_unknown_user_is_refused_where_the_client_says_so()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddClaimInjection(options => options.MissingIdentity = MissingIdentityBehavior.Reject))
            .BuildServiceProvider();
        AIFunction tool = Assert.Single(await ListForAsync(services, Users.Alice), tool => tool.Name == "whoami");

        await Assert.ThrowsAsync<ClaimInjectionException>(() => tool.InvokeAsync().AsTask());

        Assert.Empty(backend.Calls());
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task List_without_a_time_to_live_is_listed_each_time(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await ListForAsync(services, Users.Alice);
        await ListForAsync(services, Users.Alice);

        Assert.Equal(2, backend.Exchanges.Count(exchange => exchange.Rpc == "tools/list"));
    }

    [Theory]
    [InlineData("public")]
    [InlineData("private")]
    public async Task List_is_kept_for_its_user_as_long_as_the_backend_allows(string scope)
    {
        var time = new FakeTimeProvider();
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Stateless, (context, next) => AddTimeToLiveAsync(context, next, scope));
        ServiceCollection collection = McpTesting.ServicesFor(backend);
        collection.AddSingleton<TimeProvider>(time);
        await using ServiceProvider services = collection.BuildServiceProvider();

        IReadOnlyList<AIFunction> first = await ListForAsync(services, Users.Alice);
        Assert.Same(first, await ListForAsync(services, Users.Alice));
        Assert.NotSame(first, await ListForAsync(services, Users.Bob));
        await ListForAsync(services, null);
        await ListForAsync(services, null);
        Assert.Equal(["alice", "bob", null, null], Lists(backend));

        time.Advance(TimeSpan.FromSeconds(59));
        await ListForAsync(services, Users.Alice);
        time.Advance(TimeSpan.FromSeconds(1));
        await ListForAsync(services, Users.Alice);
        Assert.Equal(["alice", "bob", null, null, "alice"], Lists(backend));
    }

    [Theory]
    [InlineData(60, 60, 2)]
    [InlineData(0, 60, 4)]
    [InlineData(60, 0, 4)]
    public async Task List_of_pages_is_as_fresh_as_its_stalest_page(int first, int second, int requests)
    {
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Stateless,
            server: server => server.WithListToolsHandler((request, _) => ValueTask.FromResult(new ListToolsResult
            {
                Tools = [],
                TimeToLive = TimeSpan.FromSeconds(request.Params?.Cursor is null ? first : second),
                NextCursor = request.Params?.Cursor is null ? "second" : null,
            })));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await ListForAsync(services, Users.Alice);
        await ListForAsync(services, Users.Alice);

        Assert.Equal(requests, Lists(backend).Count());
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Tool_that_another_user_listed_sends_the_headers_of_its_parameters(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        AIFunction tool = Assert.Single(await ListForAsync(services, Users.Alice), tool => tool.Name == "region");

        object? result = await AmbientIdentity.RunAsync(
            Users.Bob, () => tool.InvokeAsync(new AIFunctionArguments { ["region"] = "north" }).AsTask());

        Assert.Equal("north:north", Assert.IsType<TextContent>(result).Text);
        Assert.Equal("bob", Assert.Single(backend.Calls()).Subject);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Tool_with_an_invalid_parameter_header_is_left_out(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: server => AddTool(server, InvalidTool));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        IReadOnlyList<AIFunction> tools = await ListForAsync(services, Users.Alice);

        Assert.DoesNotContain(tools, tool => tool.Name == InvalidTool.Name);
        Assert.Contains(tools, tool => tool.Name == "whoami");
    }

    [Fact]
    public async Task Tool_tells_what_the_protocol_says_of_it()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        AIFunction tool = Assert.Single(await ListForAsync(services, Users.Alice), tool => tool.Name == "whoami");

        Assert.Equal("whoami", tool.GetService<Tool>()?.Name);
        Assert.Null(tool.GetService<McpClientTool>());
    }

    [Fact]
    public async Task List_is_not_kept_for_other_claims_of_the_same_subject()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, AddTimeToLiveAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await ListForAsync(services, Users.With(("sub", "alice"), ("role", "admin")));
        await ListForAsync(services, Users.With(("sub", "alice"), ("role", "reader")));
        await ListForAsync(services, Users.With(("sub", "alice"), ("role", "reader")));

        Assert.Equal(["alice", "alice"], Lists(backend));
    }

    [Fact]
    public async Task List_is_not_kept_for_another_actor()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, AddTimeToLiveAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        foreach (string? actor in new[] { null, "support", "admin", "admin" })
        {
            ClaimsIdentity alice = Users.SignedIn(("sub", "alice"));
            alice.Actor = actor is null ? null : Users.SignedIn(("sub", actor));
            await ListForAsync(services, new ClaimsPrincipal(alice));
        }

        Assert.Equal(["alice", "alice", "alice"], Lists(backend));
    }

    [Fact]
    public async Task List_is_dropped_when_its_users_sessions_are_closed()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, AddTimeToLiveAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await ListForAsync(services, Users.Alice);
        await ListForAsync(services, Users.Bob);

        await services.Pool().CloseAsync(Users.Alice);
        await ListForAsync(services, Users.Alice);
        await ListForAsync(services, Users.Bob);

        Assert.Equal(["alice", "bob", "alice"], Lists(backend));
    }

    [Fact]
    public async Task List_is_dropped_when_the_clients_settings_change()
    {
        var changes = new OptionsChange<HttpClientTransportOptions>(McpTesting.ClientName);
        await using McpBackend first = await McpBackend.StartAsync(McpBackendKind.Stateless, AddTimeToLiveAsync);
        await using McpBackend second = await McpBackend.StartAsync(McpBackendKind.Stateless, AddTimeToLiveAsync);
        Uri endpoint = first.Endpoint;
        await using ServiceProvider services = McpTesting.ServicesFor(first)
            .AddSingleton<IOptionsChangeTokenSource<HttpClientTransportOptions>>(changes)
            .Configure<HttpClientTransportOptions>(McpTesting.ClientName, transport => transport.Endpoint = endpoint)
            .BuildServiceProvider();
        await ListForAsync(services, Users.Alice);

        endpoint = second.Endpoint;
        changes.Notify();
        await ListForAsync(services, Users.Alice);

        Assert.Equal(["alice"], Lists(second));
    }

    [Fact]
    public async Task List_is_never_kept_for_a_user_who_came_while_it_was_read()
    {
        var accessor = new PropertyAccessor(Users.Alice);
        bool replaces = true;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            accessor.User = replaces && context.Request.Headers["Mcp-Method"] == "server/discover" ? Users.Bob : accessor.User;
            return AddTimeToLiveAsync(context, next);
        });
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend).AddSingleton<IIdentityAccessor>(accessor).BuildServiceProvider();

        await Assert.ThrowsAsync<ClaimInjectionException>(() => services.Pool().ListAIToolsAsync(McpTesting.ClientName).AsTask());
        replaces = false;
        accessor.User = Users.Alice;
        await services.Pool().ListAIToolsAsync(McpTesting.ClientName);

        Assert.Equal(["alice"], Lists(backend));
    }

    [Fact]
    public async Task Kept_list_cannot_be_changed_by_who_gets_it()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, AddTimeToLiveAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        var list = Assert.IsAssignableFrom<IList<AIFunction>>(await ListForAsync(services, Users.Alice));

        Assert.Throws<NotSupportedException>(() => list[0] = list[1]);
    }

    [Fact]
    public async Task List_that_was_read_while_its_user_signed_out_is_not_kept()
    {
        var held = new RequestGate(context => context.Request.Headers["Mcp-Method"] == "tools/list");
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Stateless, (context, next) => held.HoldAsync(context, again => AddTimeToLiveAsync(again, next)));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Task<IReadOnlyList<AIFunction>> listing = ListForAsync(services, Users.Alice);
        await held.Arrived;

        await services.Pool().CloseAsync(Users.Alice);
        held.Release();
        await listing;
        await ListForAsync(services, Users.Alice);
        await ListForAsync(services, Users.Alice);

        Assert.Equal(["alice", "alice"], Lists(backend));
    }

    [Fact]
    public async Task List_is_kept_for_the_claims_that_it_was_asked_for_with()
    {
        var held = new RequestGate(context => context.Request.Headers["Mcp-Method"] == "tools/list");
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Stateless, (context, next) => held.HoldAsync(context, again => AddTimeToLiveAsync(again, next)));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        ClaimsIdentity alice = Users.SignedIn(("sub", "alice"));
        Task<IReadOnlyList<AIFunction>> listing = ListForAsync(services, new ClaimsPrincipal(alice));
        await held.Arrived;

        alice.AddClaim(new Claim("role", "admin"));
        held.Release();
        await listing;
        await ListForAsync(services, Users.With(("sub", "alice"), ("role", "admin")));

        Assert.Equal(["alice", "alice"], Lists(backend));
    }

    [Fact]
    public void List_of_a_principal_that_changes_as_it_is_read_is_found_for_no_one()
    {
        var changing = new ClaimsPrincipal(new ChangingIdentity());
        var transport = new HttpClientTransportOptions { Endpoint = new Uri(HttpTesting.Endpoint) };
        var listedWhileChanging = new CachedToolList(changing, transport, listed: 0);
        var listed = new CachedToolList(Users.Alice, transport, listed: 0);

        Assert.Equal([false, false], [listedWhileChanging.IsFor(changing, transport), listedWhileChanging.IsFor(Users.Alice, transport)]);
        Assert.Equal([false, true], [listed.IsFor(changing, transport), listed.IsFor(Users.Alice, transport)]);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Streaming_agent_of_ten_users_calls_as_each_of_them(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        var options = new ChatOptions { Tools = [.. await ListForAsync(services, Users.Named("first"))] };
        using var agent = new FunctionInvokingChatClient(new ScriptedChatClient());

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(number => AmbientIdentity.RunAsync(
            Users.Named($"user-{number}"),
            async () => (await agent.GetStreamingResponseAsync("Who am I?", options).ToChatResponseAsync()).Text)));

        Assert.Equal(Enumerable.Range(0, 10).Select(number => $"user-{number}"), answers);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Sub_agent_calls_as_the_user_of_the_agent_that_called_it(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        var inner = new ChatOptions { Tools = [.. await ListForAsync(services, Users.Named("first"))] };
        using var subAgent = new FunctionInvokingChatClient(new ScriptedChatClient());
        AIFunction asksSubAgent = AIFunctionFactory.Create(
            async () => (await subAgent.GetResponseAsync("Who am I?", inner)).Text, new AIFunctionFactoryOptions { Name = "whoami" });
        using var agent = new FunctionInvokingChatClient(new ScriptedChatClient()) { AllowConcurrentInvocation = true };

        string[] answers = await Task.WhenAll(new[] { "alice", "bob", "carol" }.Select(name => AmbientIdentity.RunAsync(
            Users.Named(name), async () => (await agent.GetResponseAsync("Who am I?", new ChatOptions { Tools = [asksSubAgent] })).Text)));

        Assert.Equal(["alice", "bob", "carol"], answers);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Tools_that_two_users_listed_in_one_agent_call_as_who_calls(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        AIFunction[] tools =
        [
            (await ListForAsync(services, Users.Alice)).Single(tool => tool.Name == "whoami"),
            (await ListForAsync(services, Users.Bob)).Single(tool => tool.Name == "whoami"),
        ];

        foreach ((ClaimsPrincipal? user, string name) in new[] { (Users.Alice, "alice"), (Users.Bob, "bob"), (null, "anonymous") })
        {
            object?[] results = await AmbientIdentity.RunAsync(user, () => Task.WhenAll(tools.Select(tool => tool.InvokeAsync().AsTask())));
            Assert.All(results, result => Assert.Equal(name, Assert.IsType<TextContent>(result).Text));
        }
    }

    private static Tool InvalidTool => new()
    {
        Name = "invalid",
        InputSchema = JsonSerializer.Deserialize<JsonElement>(
            """{ "type": "object", "properties": { "where": { "type": "object", "x-mcp-header": "Where" } } }"""),
    };

    private static void AddTool(IMcpServerBuilder server, Tool tool) =>
        server.WithListToolsHandler((_, _) => ValueTask.FromResult(new ListToolsResult { Tools = [tool] }));

    private static IEnumerable<string?> Lists(McpBackend backend) =>
        backend.Exchanges.Where(exchange => exchange.Rpc == "tools/list").Select(exchange => exchange.Subject);

    private static Task<IReadOnlyList<AIFunction>> ListForAsync(IServiceProvider services, ClaimsPrincipal? user) =>
        AmbientIdentity.RunAsync(user, () => services.Pool().ListAIToolsAsync(McpTesting.ClientName).AsTask());

    /// <summary>Adds a minute's time to live to lists of tools, which the tests' server does not have.</summary>
    private static Task AddTimeToLiveAsync(HttpContext context, RequestDelegate next) => AddTimeToLiveAsync(context, next, "private");

    private static async Task AddTimeToLiveAsync(HttpContext context, RequestDelegate next, string scope)
    {
        Stream body = context.Response.Body;
        using var buffer = new MemoryStream();
        context.Response.Body = buffer;
        await next(context);
        context.Response.Body = body;

        string text = System.Text.Encoding.UTF8.GetString(buffer.ToArray());
        int tools = text.IndexOf("\"tools\":[", StringComparison.Ordinal);
        if (tools >= 0)
        {
            text = System.Text.RegularExpressions.Regex.Replace(text, "\"(ttlMs|cacheScope)\":[^,}]+,?", string.Empty);
            tools = text.IndexOf("\"tools\":[", StringComparison.Ordinal);
            text = text.Insert(tools, $"\"ttlMs\":60000,\"cacheScope\":\"{scope}\",");
        }

        context.Response.ContentLength = null;
        await context.Response.WriteAsync(text);
    }

    /// <summary>An identity that another thread changes whenever its claims are read.</summary>
    private sealed class ChangingIdentity() : ClaimsIdentity("test")
    {
        public override IEnumerable<Claim> Claims
        {
            get
            {
                yield return new Claim("sub", "alice");
                throw new InvalidOperationException("Collection was modified.");
            }
        }
    }

    /// <summary>Asks for whoami once, and answers with its result.</summary>
    private sealed class ScriptedChatClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            object? result = messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().LastOrDefault()?.Result;
            ChatMessage answer = result is null
                ? new ChatMessage(ChatRole.Assistant, [new FunctionCallContent("call-1", "whoami")])
                : new ChatMessage(ChatRole.Assistant, TextOf(result));
            return Task.FromResult(new ChatResponse(answer));
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
            {
                yield return update;
            }
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }

        private static string TextOf(object result) => result is TextContent text ? text.Text : result.ToString()!;
    }
}
