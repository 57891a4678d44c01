using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

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

    private static IEnumerable<string?> Lists(McpBackend backend) =>
        backend.Exchanges.Where(exchange => exchange.Rpc == "tools/list").Select(exchange => exchange.Subject);

    private static Task<IReadOnlyList<AIFunction>> ListForAsync(IServiceProvider services, ClaimsPrincipal? user) =>
        AmbientIdentity.RunAsync(user, () => services.Pool().ListAIToolsAsync(McpTesting.ClientName).AsTask());

    /// <summary>Adds a minute's time to live to lists of tools, which the tests' server does not have.</summary>
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

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }

        private static string TextOf(object result) => result is TextContent text ? text.Text : result.ToString()!;
    }
}
