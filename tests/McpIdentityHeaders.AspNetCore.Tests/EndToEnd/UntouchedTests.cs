using System.Net;
using System.Text.Json.Nodes;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>What the gateway has no need to know comes through as it is, between a backend and a client without any SDK.</summary>
public sealed class UntouchedTests : IAsyncLifetime
{
    private const string Tool = """
        {
            "name": "draw", "title": "Draw", "description": "Draws.", "x-future": { "a": [1, null] },
            "inputSchema": { "type": "object", "x-schema": true }, "outputSchema": { "type": "object" },
            "annotations": { "readOnlyHint": true, "x-hint": 1 }, "icons": [{ "src": "https://icons.example/draw.png", "x-theme": "dark" }],
            "execution": { "taskSupport": "optional", "x-execution": 1 },
            "_meta": { "example.com/color": "red", "ui": { "resourceUri": "ui://draw" } }
        }
        """;

    private const string Result = """
        {
            "content": [{ "type": "text", "text": "drawn", "annotations": { "priority": 0.5 } }, { "type": "x-future", "data": 1 }],
            "structuredContent": { "shape": "circle" }, "x-result": { "b": 2 }, "resultType": "complete", "_meta": { "example.com/took": 3 }
        }
        """;

    private const string TaskTool = """
        { "name": "later", "inputSchema": { "type": "object" }, "execution": { "taskSupport": "required" } }
        """;

    private const string TasklessTool = """
        { "name": "now", "inputSchema": { "type": "object" }, "execution": { "taskSupport": "forbidden" } }
        """;

    private const string HeaderTool = """
        {
            "name": "measure",
            "inputSchema": { "type": "object", "properties": { "size": { "type": "string", "x-mcp-header": "Size" } } }
        }
        """;

    private const string Stale = """ "resultType": "complete", "ttlMs": 0, "cacheScope": "private" """;

    private RunningApp _backend = null!;
    private Deployment _deployment = null!;
    private JsonObject? _called;

    public async Task InitializeAsync()
    {
        _backend = await BareBackend.StartAsync(AnswerAsync);

        // What tools are is known only where the list came in time: a busy machine must not make it late.
        _deployment = await Deployment.StartAsync([("Limits:ListTimeout", "00:01:00")], others: ("raw", _backend.Endpoint));
    }

    public async Task DisposeAsync()
    {
        await _deployment.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Tool_is_listed_with_all_that_the_backend_says_of_it()
    {
        JsonObject expected = JsonNode.Parse(Tool)!.AsObject();
        expected["name"] = "raw_draw";
        expected["_meta"]!["ui"]!["resourceUri"] = "raw+ui://draw";
        expected["execution"]!.AsObject().Remove("taskSupport");

        JsonObject response = Assert.Single(await SendAsync("tools/list", []));

        JsonNode tool = Assert.Single(response["result"]!["tools"]!.AsArray(), tool => (string?)tool!["name"] == "raw_draw")!;
        Assert.True(JsonNode.DeepEquals(expected, tool), tool.ToJsonString());
    }

    [Fact]
    public async Task Tool_that_needs_tasks_is_not_listed()
    {
        JsonObject response = Assert.Single(await SendAsync("tools/list", []));

        Assert.DoesNotContain(
            response["result"]!["tools"]!.AsArray(), tool => ((string?)tool!["name"])!.EndsWith("later", StringComparison.Ordinal));
    }

    [Theory, InlineData("2025-11-25"), InlineData("2026-07-28")]
    public async Task Tool_that_needs_tasks_cannot_be_called_even_unlisted(string protocol)
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice, protocol);

        var refused = await Assert.ThrowsAsync<McpProtocolException>(() => alice.CallToolAsync("raw_later").AsTask());

        Assert.Contains("The tool 'raw_later' can be called as a task only", refused.Message, StringComparison.Ordinal);
        Assert.NotEqual("later", (string?)_called?["name"]);
    }

    [Fact]
    public async Task Tool_that_forbids_tasks_says_so()
    {
        JsonObject response = Assert.Single(await SendAsync("tools/list", []));

        JsonNode tool = Assert.Single(response["result"]!["tools"]!.AsArray(), tool => (string?)tool!["name"] == "raw_now")!;
        Assert.Equal("""{"taskSupport":"forbidden"}""", tool["execution"]!.ToJsonString());
    }

    [Theory, InlineData("tasks/list"), InlineData("tasks/get"), InlineData("tasks/result"), InlineData("tasks/cancel")]
    public async Task Tasks_themselves_are_no_method_of_the_gateway(string method)
    {
        JsonObject response = Assert.Single(await SendAsync(method, new JsonObject { ["taskId"] = "1" }));

        Assert.Equal(-32601, (int?)response["error"]!["code"]);
    }

    [Fact]
    public async Task Call_and_result_have_all_that_both_ends_say()
    {
        JsonObject sent = JsonNode.Parse("""
            {
                "name": "raw_draw", "arguments": { "size": 1.50, "x": null }, "x-param": [true],
                "_meta": { "example.com/trace": { "id": 7 } }
            }
            """)!.AsObject();
        JsonObject capabilities = JsonNode.Parse("""
            {
                "sampling": {}, "x-capability": { "a": 1.50 },
                "extensions": { "io.modelcontextprotocol/tasks": {}, "example.com/more": { "b": null } }
            }
            """)!.AsObject();

        JsonObject response = Assert.Single(await SendAsync("tools/call", sent, capabilities));

        JsonObject result = response["result"]!.AsObject();
        result["_meta"]!.AsObject().Remove("io.modelcontextprotocol/serverInfo");
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Result), result), result.ToJsonString());
        Assert.Equal("draw", (string?)_called!["name"]);
        Assert.Equal("""{"size":1.50,"x":null}""", _called["arguments"]!.ToJsonString());
        Assert.Equal("[true]", _called["x-param"]!.ToJsonString());
        Assert.Equal(7, (int?)_called["_meta"]!["example.com/trace"]!["id"]);
        Assert.Equal("tests", (string?)_called["_meta"]!["io.modelcontextprotocol/clientInfo"]!["name"]);
        Assert.Equal(
            """{"sampling":{},"x-capability":{"a":1.50},"extensions":{"example.com/more":{"b":null}}}""",
            _called["_meta"]!["io.modelcontextprotocol/clientCapabilities"]!.ToJsonString());
        Assert.Null(_called["_meta"]!["progressToken"]);
    }

    [Fact]
    public async Task Error_of_a_backend_has_its_code_message_and_data()
    {
        JsonObject response = Assert.Single(await SendAsync("tools/call", new JsonObject { ["name"] = "raw_refuse" }));

        Assert.Equal("""{"code":-31999,"message":"No.","data":{"why":["a"]}}""", response["error"]!.ToJsonString());
    }

    [Fact]
    public async Task Argument_that_a_backend_wants_in_a_header_too_comes_in_it()
    {
        var call = new JsonObject { ["name"] = "raw_measure", ["arguments"] = new JsonObject { ["size"] = "large" } };

        using HttpResponseMessage response = await RawCall.PostAsync(
            _deployment.Gateway.Endpoint,
            await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice),
            "tools/call",
            call,
            headers: ("Mcp-Param-Size", "large"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("large", (string?)_called!["arguments"]!["size"]);
    }

    [Fact]
    public async Task Older_client_gets_no_fields_of_the_newer_protocol()
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice, "2025-11-25");

        CallToolResult result = await alice.CallToolAsync("notes_whoami");

        Assert.Null(result.ResultType);
    }

    private async Task<IReadOnlyList<JsonObject>> SendAsync(string method, JsonObject parameters, JsonObject? capabilities = null) =>
        await RawCall.SendAsync(
            _deployment.Gateway.Endpoint, await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice), method, parameters, capabilities);

    private async Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        JsonObject request = (await context.Request.ReadFromJsonAsync<JsonObject>())!;
        JsonObject parameters = request["params"]!.AsObject();
        var response = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = request["id"]!.DeepClone() };
        switch ((string)request["method"]!)
        {
            case "server/discover":
                response["result"] = JsonNode.Parse($$"""
                    { "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} }, {{Stale}} }
                    """);
                break;
            case "tools/list":
                response["result"] = JsonNode.Parse($$"""{ "tools": [{{Tool}}, {{TaskTool}}, {{TasklessTool}}, {{HeaderTool}}], {{Stale}} }""");
                break;
            case "tools/call" when (string?)parameters["name"] == "refuse":
                response["error"] = JsonNode.Parse("""{ "code": -31999, "message": "No.", "data": { "why": ["a"] } }""");
                break;
            case "tools/call" when (string?)parameters["name"] == "measure" && context.Request.Headers["Mcp-Param-Size"] != "large":
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                response["error"] = JsonNode.Parse("""{ "code": -32020, "message": "Mcp-Param-Size is missing." }""");
                break;
            default:
                _called = parameters;
                response["result"] = JsonNode.Parse(Result);
                break;
        }

        await context.Response.WriteAsJsonAsync(response);
    }
}
