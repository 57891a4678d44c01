using System.Text.Json;
using McpIdentityHeaders.AspNetCore.Tests.Inbound;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>Endpoints that return a stream with items that call a backend after the endpoint has returned.</summary>
public sealed class StreamingEndpointTests
{
    [Theory]
    [InlineData("/stream")]
    [InlineData("/events")]
    public async Task Each_item_and_the_end_are_the_users(string path)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        List<string> ended = [];
        await using InboundServer server = await StartAsync(backend, ended);

        string[][] streams = await Task.WhenAll(new[] { "alice", "bob" }.Select(user => ReadAsync(server, path, user)));

        Assert.Equal([["alice", "alice", "alice"], ["bob", "bob", "bob"]], streams);
        Assert.Equal(["alice", "bob"], ended.Order());
    }

    [Theory]
    [InlineData("/plain")]
    [InlineData("/plain-events")]
    public async Task Each_item_and_the_end_are_the_requests_users_where_the_request_says(string path)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        List<string> ended = [];
        await using InboundServer server = await StartAsync(backend, ended, services => services.AddHttpContextIdentity());

        string[][] streams = await Task.WhenAll(new[] { "alice", "bob" }.Select(user => ReadAsync(server, path, user)));

        Assert.Equal([["alice", "alice", "alice"], ["bob", "bob", "bob"]], streams);
        Assert.Equal(["alice", "bob"], ended.Order());
    }

    [Fact]
    public async Task Stream_under_a_scope_that_has_ended_has_no_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using InboundServer server = await StartAsync(backend, []);

        Assert.Equal(["anonymous", "anonymous", "anonymous"], await ReadAsync(server, "/scope", "alice"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Stream_that_is_given_up_ends_as_the_user(int items)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = new ServiceCollection()
            .AddSingleton<Notes>()
            .AddMcpClient("notes", backend.Endpoint).AddClaimInjection().Services
            .BuildServiceProvider(validateScopes: true);
        List<string> ended = [];

        using (AmbientIdentity.Use(Users.Bob))
        {
            IAsyncEnumerable<string> stream = services.GetRequiredService<Notes>().StreamAsync(ended).ForUser(Users.Alice);
            Assert.All(await stream.Take(items).ToArrayAsync(), user => Assert.Equal("alice", user));
            Assert.Equal("Bob Brown", UserNames.Ambient);
        }

        Assert.Equal(["alice"], ended);
    }

    private static async Task<string[]> ReadAsync(InboundServer server, string path, string user)
    {
        using HttpClient client = server.NewClient();
        string body = await server.GetAsync(client, path, user);
        return path.EndsWith("events", StringComparison.Ordinal)
            ? [.. body.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line[6..])]
            : JsonSerializer.Deserialize<string[]>(body)!;
    }

    private static Task<InboundServer> StartAsync(
        McpBackend backend, List<string> ended, Action<IServiceCollection>? configure = null) => InboundServer.StartAsync(
        services =>
        {
            configure?.Invoke(services);
            services.AddMcpClient("notes", backend.Endpoint).AddClaimInjection();
            services.AddSingleton<Notes>();
            services.AddSingleton(ended);
        },
        app =>
        {
            // <snippet>
            app.MapGet("/stream", (ClaimsPrincipal user, Notes notes, List<string> ended) => notes.StreamAsync(ended).ForUser(user));
            // </snippet>
            app.MapGet("/events", (ClaimsPrincipal user, Notes notes, List<string> ended) =>
                TypedResults.ServerSentEvents(notes.StreamAsync(ended).ForUser(user)));
            app.MapGet("/plain", (Notes notes, List<string> ended) => notes.StreamAsync(ended));
            app.MapGet("/plain-events", (Notes notes, List<string> ended) => TypedResults.ServerSentEvents(notes.StreamAsync(ended)));
            app.MapGet("/scope", (ClaimsPrincipal user, Notes notes) =>
            {
                using IdentityScope scope = AmbientIdentity.Use(user);
                return notes.StreamAsync();
            });
        });
}
