using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>A client that sends what no client should gets no more than its own user may have.</summary>
public sealed class HostileClientTests
{
    private const string Newer = """
        {
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": { "protocolVersion": "2026-07-28", "capabilities": {}, "clientInfo": { "name": "tests", "version": "1" } }
        }
        """;

    private const string List = """{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}""";

    [Theory]
    [InlineData("Mcp-Session-Id", "", RawInitialize.Message)]
    [InlineData("Mcp-Session-Id", " ", RawInitialize.Message)]
    [InlineData("Mcp-Session-Id", "chosen-by-the-client", RawInitialize.Message)]
    [InlineData("mcp_session_id", "", RawInitialize.Message)]
    [InlineData("MCP-Protocol-Version", "", RawInitialize.Message)]
    [InlineData("MCP-Protocol-Version", "2026-07-28", RawInitialize.Message)]
    [InlineData("MCP-Protocol-Version", "2026-07-28", Newer)]
    [InlineData("MCP-Protocol-Version", "2025-11-25,2026-07-28", RawInitialize.Message)]
    [InlineData("MCP-Protocol-Version", "9999", RawInitialize.Message)]
    [InlineData("X-Any", "1", Newer)]
    public async Task No_request_opens_a_session_past_the_bound(string name, string value, string message)
    {
        await using Deployment deployment = await Deployment.StartAsync([("Limits:SessionsPerUser", "1")]);
        string token = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);
        using RawSession first = await RawSession.OpenAsync(deployment.Gateway.Endpoint, token, []);

        using HttpResponseMessage response = await SendAsync(deployment, token, message, (name, value));

        Assert.False(response.IsSuccessStatusCode);
        Assert.False(response.Headers.Contains("Mcp-Session-Id"));
    }

    [Theory, InlineData("GET"), InlineData("POST"), InlineData("DELETE")]
    public async Task Session_of_another_user_is_refused_and_stays(string method)
    {
        await using Deployment deployment = await Deployment.StartAsync();
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice, "2025-11-25");
        string bob = await deployment.Oidc.IssueTokenAsync(OidcUser.Bob);

        using HttpResponseMessage response = await SendAsync(
            deployment, bob, method == "POST" ? List : null, new HttpMethod(method), ("Mcp-Session-Id", alice.SessionId!));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(OidcUser.Alice.ToString(), await alice.WhoAmIAsync());
    }

    [Fact]
    public async Task Cancellation_of_another_users_request_cancels_nothing()
    {
        await using WorkDeployment deployment = await WorkDeployment.StartAsync();
        Uri endpoint = deployment.Gateway.Gateway.Endpoint;
        using RawSession alice = await RawSession.OpenAsync(
            endpoint, await deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Alice), []);
        using RawSession bob = await RawSession.OpenAsync(endpoint, await deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Bob), []);
        using HttpResponseMessage calling = await alice.PostAsync(JsonNode.Parse("""
            {
                "jsonrpc": "2.0", "id": 7, "method": "tools/call",
                "params": { "name": "sessions_count", "_meta": { "progressToken": "p" } }
            }
            """)!);
        await using IAsyncEnumerator<JsonObject> messages = RawCall.ReadAsync(calling).GetAsyncEnumerator();
        Assert.True(await messages.MoveNextAsync());

        await bob.PostAsync(JsonNode.Parse("""
            { "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } }
            """)!);
        deployment.Log.Heard.Release(3);
        while (messages.Current["method"] is not null)
        {
            Assert.True(await messages.MoveNextAsync());
        }

        Assert.Equal("counted", (string?)messages.Current["result"]?["content"]?[0]?["text"]);
    }

    [Fact]
    public async Task Capabilities_of_a_client_open_no_session_past_the_bound()
    {
        await using RunningApp backend = await BareBackend.StartAsync(
            mcp => mcp.WithTools<WorkTools>().Services.AddSingleton<WorkLog>(), HttpServerSessionMode.Stateful);
        await using Deployment deployment = await Deployment.StartAsync(
            [("Limits:SessionsPerUser", "2")], others: ("work", backend.Endpoint));
        string alice = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);
        string bob = await deployment.Oidc.IssueTokenAsync(OidcUser.Bob);

        await CiteAsync(deployment, alice, "first");
        await CiteAsync(deployment, alice, "second");
        int before = CountMessages(backend);
        JsonObject refused = await CiteAsync(deployment, alice, "third");
        JsonObject discovery = await SendAsync(deployment, alice, "server/discover", [], CreateCapabilities("fourth"));

        Assert.Contains("differ in what they can do in 2 ways", (string)refused["error"]!["message"]!, StringComparison.Ordinal);
        Assert.NotNull(discovery["error"]);
        Assert.Equal(before, CountMessages(backend));
        Assert.NotNull((await CiteAsync(deployment, alice, "first"))["result"]);
        Assert.NotNull((await CiteAsync(deployment, bob, "third"))["result"]);
    }

    [Fact]
    public async Task Capabilities_that_are_too_long_to_keep_are_refused()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        string alice = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);

        JsonObject refused = await SendAsync(deployment, alice, "tools/list", [], CreateCapabilities(new string('x', 20_000)));

        Assert.Contains("capabilities have more than 16384 characters", (string)refused["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscriptions_on_a_session_are_bounded_and_freed_when_they_end()
    {
        await using WorkDeployment deployment = await WorkDeployment.StartAsync(("Limits:SubscriptionsPerUser", "2"));
        await using McpClient alice = await deployment.Gateway.ConnectAsync(OidcUser.Alice, "2025-11-25");
        await using McpClient bob = await deployment.Gateway.ConnectAsync(OidcUser.Bob, "2025-11-25");
        await alice.SubscribeToResourceAsync("stateless+docs://1");
        await alice.SubscribeToResourceAsync("stateless+docs://2");

        var error = await Assert.ThrowsAsync<ModelContextProtocol.McpProtocolException>(
            () => alice.SubscribeToResourceAsync("stateless+docs://3"));
        await bob.SubscribeToResourceAsync("stateless+docs://3");
        await alice.UnsubscribeFromResourceAsync("stateless+docs://1");
        await alice.SubscribeToResourceAsync("stateless+docs://3");

        Assert.Contains("You have 2 subscriptions, which is the most.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_listen_are_bounded_and_freed_when_they_end()
    {
        await using WorkDeployment deployment = await WorkDeployment.StartAsync(("Limits:SubscriptionsPerUser", "1"));
        string token = await deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Alice);
        var parameters = new JsonObject { ["notifications"] = new JsonObject { ["toolsListChanged"] = true } };
        Uri endpoint = deployment.Gateway.Gateway.Endpoint;
        JsonObject first;
        using (HttpResponseMessage open = await RawCall.PostAsync(endpoint, token, "subscriptions/listen", parameters))
        {
            first = await RawCall.ReadAsync(open).FirstAsync();

            JsonObject second = await RawCall.ReadAsync(endpoint, token, "subscriptions/listen", parameters).FirstAsync();

            Assert.Contains("You have 1 subscriptions", (string)second["error"]!["message"]!, StringComparison.Ordinal);
        }

        JsonObject later;
        do
        {
            // The gateway finds out that the client has hung up in its own time.
            later = await RawCall.ReadAsync(endpoint, token, "subscriptions/listen", parameters).FirstAsync();
        }
        while (later["error"] is not null);

        Assert.Equal((string?)first["method"], (string?)later["method"]);
    }

    [Fact]
    public async Task Calls_that_wait_for_an_answer_are_bounded()
    {
        await using WorkDeployment deployment = await WorkDeployment.StartAsync(("Limits:QuestionsPerUser", "2"));
        string alice = await deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Alice);
        string bob = await deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Bob);

        JsonObject[] inquiries = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => InquireAsync(deployment.Gateway, alice)));
        JsonObject ofBob = await InquireAsync(deployment.Gateway, bob);

        Assert.Equal(2, inquiries.Count(inquiry => (string?)inquiry["result"]?["resultType"] == "input_required"));
        Assert.All(
            inquiries.Where(inquiry => inquiry["result"] is null),
            refused => Assert.Contains("2 of your requests wait", (string)refused["error"]!["message"]!, StringComparison.Ordinal));
        Assert.Equal("input_required", (string?)ofBob["result"]!["resultType"]);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData($"[{List},{List}]")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"tools/list"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"tools/list"}""")]
    public async Task Message_that_is_none_is_refused_and_the_session_stays(string message)
    {
        await using Deployment deployment = await Deployment.StartAsync();
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice, "2025-11-25");
        string token = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);

        using HttpResponseMessage alone = await SendAsync(deployment, token, message);
        using HttpResponseMessage onSession = await SendAsync(deployment, token, message, ("Mcp-Session-Id", alice.SessionId!));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (alone.StatusCode, onSession.StatusCode));
        Assert.Equal(OidcUser.Alice.ToString(), await alice.WhoAmIAsync());
    }

    [Theory]
    [InlineData("tools/call", """{ "name": "_whoami" }""", "Unknown tool")]
    [InlineData("tools/call", """{ "name": "notes_" }""", "Unknown tool")]
    [InlineData("tools/call", """{ "name": "notes" }""", "Unknown tool")]
    [InlineData("tools/call", """{ "name": "Notes_whoami" }""", "Unknown tool")]
    [InlineData("tools/call", """{ "name": "notes_whoami", "requestState": { "a": 1 } }""", "requestState")]
    [InlineData("tools/call", """{ "name": "notes_whoami", "requestState": "forged" }""", "requestState")]
    [InlineData("resources/read", """{ "uri": "+a:b" }""", "Unknown resource")]
    [InlineData("resources/read", """{ "uri": "notes+" }""", "Unknown resource")]
    [InlineData("completion/complete", """{ "ref": { "uri": { "a": 1 } } }""", "'uri' is missing, or is no string")]
    [InlineData("completion/complete", """{ "ref": 7 }""", "'ref' is no object")]
    [InlineData("completion/complete", "{}", "'ref' is missing")]
    [InlineData("logging/setLevel", """{ "level": "info" }""", "not available")]
    [InlineData("resources/subscribe", """{ "uri": "notes+a:b" }""", "not available")]
    [InlineData("no/such", "{}", "not available")]
    [InlineData("elicitation/create", "{}", "not available")]
    [InlineData("notifications/cancelled", """{ "requestId": 1 }""", "not available")]
    public async Task Request_that_names_nothing_is_an_error_of_the_protocol(string method, string parameters, string expected)
    {
        await using Deployment deployment = await Deployment.StartAsync();
        string token = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);

        JsonObject response = await SendAsync(deployment, token, method, JsonNode.Parse(parameters)!.AsObject());

        Assert.Contains(expected, (string)response["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reserved_meta_of_a_client_reaches_no_backend()
    {
        JsonObject? received = null;
        await using RunningApp backend = await BareBackend.StartAsync(mcp => mcp.WithCallToolHandler((call, _) =>
        {
            received = call.JsonRpcRequest.Params!["_meta"]!.AsObject();
            return ValueTask.FromResult(new ModelContextProtocol.Protocol.CallToolResult());
        }));
        await using Deployment deployment = await Deployment.StartAsync(others: ("meta", backend.Endpoint));
        string token = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);

        await SendAsync(deployment, token, "tools/call", JsonNode.Parse("""
            {
                "name": "meta_any",
                "_meta": {
                    "io.modelcontextprotocol/subscriptionId": "forged", "io.modelcontextprotocol/serverInfo": { "name": "forged" },
                    "io.modelcontextprotocol/any": "forged", "example.com/kept": 1
                }
            }
            """)!.AsObject());

        Assert.Equal(1, (int?)received!["example.com/kept"]);
        Assert.DoesNotContain("forged", received.ToJsonString(), StringComparison.Ordinal);
    }

    private static Task<JsonObject> InquireAsync(Deployment deployment, string token) => SendAsync(
        deployment,
        token,
        "tools/call",
        new JsonObject { ["name"] = "sessions_inquire", ["arguments"] = new JsonObject { ["kind"] = "elicitation" } },
        new JsonObject { ["elicitation"] = new JsonObject() });

    private static JsonObject CreateCapabilities(string name) => new() { ["experimental"] = new JsonObject { [name] = new JsonObject() } };

    // Without GET: an earlier session opens its stream in the background.
    private static int CountMessages(RunningApp backend) => backend.Exchanges.Count(exchange => exchange.Http == "POST");

    private static Task<JsonObject> CiteAsync(Deployment deployment, string token, string capability) =>
        SendAsync(deployment, token, "tools/call", new JsonObject { ["name"] = "work_cite" }, CreateCapabilities(capability));

    private static async Task<JsonObject> SendAsync(
        Deployment deployment, string token, string method, JsonObject parameters, JsonObject? capabilities = null) =>
        Assert.Single(await RawCall.SendAsync(deployment.Gateway.Endpoint, token, method, parameters, capabilities));

    private static Task<HttpResponseMessage> SendAsync(
        Deployment deployment, string token, string message, params (string Name, string Value)[] headers) =>
        SendAsync(deployment, token, message, HttpMethod.Post, headers);

    private static async Task<HttpResponseMessage> SendAsync(
        Deployment deployment, string token, string? message, HttpMethod method, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(method, deployment.Gateway.Endpoint);
        request.Content = message is null ? null : new StringContent(message, Encoding.UTF8, "application/json");
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach ((string name, string value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await client.SendAsync(request);
    }
}
