using System.Net;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>What goes wrong at a backend, or on the way to it, is told apart, and has bounds.</summary>
public sealed class FaultTests
{
    private const string Detail = "stack trace of the backend";

    [Theory, InlineData(401), InlineData(403), InlineData(500)]
    public async Task Refusal_of_a_backend_says_so_without_its_details(int status)
    {
        await using RunningApp backend = await BareBackend.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(Detail);
        });
        await using Deployment deployment = await Deployment.StartAsync(others: ("bad", backend.Endpoint));
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);

        CallToolResult result = await alice.CallToolAsync("bad_anything");

        Assert.True(result.IsError);
        Assert.Equal(
            "The backend 'bad' is up, but refused the request or failed at it. Its administrator finds the reason in its log.",
            result.Text());
    }

    [Fact]
    public async Task Too_many_groups_for_a_header_are_said_by_calls_and_by_lists()
    {
        const string Sentence = "Your token says more than the backend 'notes' can be told, such as too many groups, so nothing was sent.";
        IEnumerable<string> groups = Enumerable.Range(0, 400).Select(group => $"group-{group}-of-many-at-this-company");
        OidcUser user = OidcUser.Alice with { Roles = [.. groups] };
        await using Deployment deployment = await Deployment.StartAsync();
        await using McpClient client = await deployment.ConnectAsync(user);

        await AssertSaidAsync(client, Sentence);

        Assert.Empty(deployment.Backend.Exchanges);
    }

    [Fact]
    public async Task List_fails_where_no_backend_can_be_asked()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);
        await deployment.Backend.DisposeAsync();

        McpProtocolException error = await Assert.ThrowsAsync<McpProtocolException>(async () => await alice.ListToolsAsync());

        Assert.Contains("The backend 'notes' is not available at the moment.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backend_that_hangs_leaves_the_lists_of_the_others()
    {
        await using RunningApp backend = await BareBackend.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using Deployment deployment = await Deployment.StartAsync(
            [("Limits:ListTimeout", "00:00:00.5")], others: ("hanging", backend.Endpoint));
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);

        Assert.Contains("notes_whoami", (await alice.ListToolsAsync()).Select(tool => tool.Name));
    }

    [Fact]
    public async Task Session_that_a_backend_has_forgotten_is_replaced()
    {
        await using RunningApp backend = await BareBackend.StartAsync(
            mcp => mcp.WithTools<WorkTools>().Services.AddSingleton<WorkLog>(), HttpServerSessionMode.Stateful);
        await using Deployment deployment = await Deployment.StartAsync(others: ("forgetful", backend.Endpoint));
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);
        await alice.CallToolAsync("forgetful_cite");
        using var administrator = new HttpClient();
        IEnumerable<string?> sessions = backend.Exchanges.Select(sent => sent.Headers.GetValueOrDefault("Mcp-Session-Id"));
        foreach (string session in sessions.OfType<string>().Distinct().ToList())
        {
            using var ending = new HttpRequestMessage(HttpMethod.Delete, backend.Endpoint);
            ending.Headers.Add("Mcp-Session-Id", session);
            using HttpResponseMessage ended = await administrator.SendAsync(ending);
        }

        CallToolResult result = await alice.CallToolAsync("forgetful_cite");

        Assert.Equal(2, result.Content.Count);
    }

    [Fact]
    public async Task List_without_an_end_is_cut_off()
    {
        int pages = 0;
        await using RunningApp backend = await BareBackend.StartAsync(mcp => mcp.WithListToolsHandler((_, _) =>
            ValueTask.FromResult(new ListToolsResult
            {
                Tools = [new Tool { Name = $"tool{Interlocked.Increment(ref pages)}" }],
                NextCursor = "more",
            })));
        await using Deployment deployment = await Deployment.StartAsync([("Limits:ListPages", "3")], others: ("endless", backend.Endpoint));
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);

        IEnumerable<string> names = (await alice.ListToolsAsync()).Select(tool => tool.Name);

        Assert.Equal(
            ["endless_tool1", "endless_tool2", "endless_tool3"],
            names.Where(name => name.StartsWith("endless", StringComparison.Ordinal)));
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task List_of_many_large_pages_is_cut_off()
    {
        int pages = 0;
        await using RunningApp backend = await BareBackend.StartAsync(mcp => mcp.WithListToolsHandler((_, _) =>
            ValueTask.FromResult(new ListToolsResult
            {
                Tools = [new Tool { Name = $"tool{Interlocked.Increment(ref pages)}", Description = new string('x', 60_000) }],
                NextCursor = "more",
            })));
        await using Deployment deployment = await Deployment.StartAsync(
            [("Limits:ResponseBytes", "100000")], others: ("large", backend.Endpoint));
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);

        IEnumerable<string> names = (await alice.ListToolsAsync()).Select(tool => tool.Name);

        Assert.Equal(["large_tool1", "large_tool2"], names.Where(name => name.StartsWith("large", StringComparison.Ordinal)));
        Assert.Equal(2, pages);
    }

    [Theory, InlineData("notes"), InlineData("big")]
    public async Task Answer_that_is_too_large_is_an_error_with_the_limit(string prefix)
    {
        await using RunningApp backend = await BareBackend.StartAsync(mcp => mcp.WithCallToolHandler((_, _) =>
            ValueTask.FromResult(new CallToolResult { Content = [new TextContentBlock { Text = new string('x', 200_000) }] })));
        await using Deployment deployment = await Deployment.StartAsync(
            [("Limits:ResponseBytes", "100000")], others: ("big", backend.Endpoint));
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);

        CallToolResult result = await alice.CallToolAsync(prefix == "big" ? "big_tool" : "notes_whoami");

        Assert.Equal(prefix == "big", result.IsError ?? false);
        Assert.Equal(prefix == "big", result.Text().StartsWith(
            "The backend 'big' sent a message of more than 100000 bytes, which the gateway does not pass on.", StringComparison.Ordinal));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Request_that_is_too_large_is_refused_with_the_limit(bool hasLength)
    {
        await using Deployment deployment = await Deployment.StartAsync([("Limits:RequestBytes", "1000")]);
        string token = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, deployment.Gateway.Endpoint);
        string message = $$"""{"jsonrpc":"2.0","id":1,"method":"{{new string('x', 2000)}}"}""";
        request.Content = new StringContent(message, null, "application/json");
        request.Headers.TransferEncodingChunked = !hasLength;
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Authorization = new("Bearer", token);

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("more than 1000 bytes", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_of_a_user_are_bounded_and_freed_when_they_end()
    {
        await using Deployment deployment = await Deployment.StartAsync([("Limits:SessionsPerUser", "2")]);
        (string Name, string Value) alice = ("Authorization", $"Bearer {await deployment.Oidc.IssueTokenAsync(OidcUser.Alice)}");
        (string Name, string Value) bob = ("Authorization", $"Bearer {await deployment.Oidc.IssueTokenAsync(OidcUser.Bob)}");
        await using McpClient first = await deployment.ConnectAsync(OidcUser.Alice, "2025-11-25");
        McpClient second = await deployment.ConnectAsync(OidcUser.Alice, "2025-11-25");

        Assert.Equal(HttpStatusCode.TooManyRequests, await RawInitialize.SendAsync(deployment.Gateway.Endpoint, alice));
        Assert.Equal(HttpStatusCode.OK, await RawInitialize.SendAsync(deployment.Gateway.Endpoint, bob));
        await using McpClient stateless = await deployment.ConnectAsync(OidcUser.Alice, "2026-07-28");
        Assert.Equal(OidcUser.Alice.ToString(), await stateless.WhoAmIAsync());

        await second.DisposeAsync();
        await using McpClient third = await deployment.ConnectAsync(OidcUser.Alice, "2025-11-25");
        Assert.Equal(HttpStatusCode.TooManyRequests, await RawInitialize.SendAsync(deployment.Gateway.Endpoint, alice));
    }

    /// <summary>A fault of the identity is said by calls, and is no empty list.</summary>
    private static async Task AssertSaidAsync(McpClient client, string sentence)
    {
        CallToolResult result = await client.CallToolAsync("notes_whoami");
        McpProtocolException list = await Assert.ThrowsAsync<McpProtocolException>(async () => await client.ListToolsAsync());

        Assert.True(result.IsError);
        Assert.StartsWith(sentence, result.Text(), StringComparison.Ordinal);
        Assert.Contains(sentence, list.Message, StringComparison.Ordinal);
    }
}
