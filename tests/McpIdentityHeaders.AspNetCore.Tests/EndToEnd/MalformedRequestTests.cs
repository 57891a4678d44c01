using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>A request that is not of the protocol's form is refused by the gateway, and by nothing less plain than by a backend.</summary>
public sealed partial class MalformedRequestTests : IAsyncLifetime
{
    private const string Prefix = "work";
    private const int InvalidParams = -32602;

    private RunningApp _backend = null!;
    private Deployment _deployment = null!;

    public static TheoryData<string, string> WithoutSession => new()
    {
        { "tools/call", """{ "name": 7 }""" },
        { "tools/call", """{ "name": {} }""" },
        { "tools/call", """{ "name": ["a"] }""" },
        { "tools/call", """{ "name": true }""" },
        { "tools/call", """{ "name": "@_cite", "name": "@_cite" }""" },
        { "tools/call", """{ "name": "@_cite", "requestState": 7 }""" },
        { "tools/call", """{ "name": "@_\ud800" }""" },
        { "tools/call", """{ "name": "@_cite", "arguments": { "a": "\ud800" } }""" },
        { "tools/call", """{ "name": "@_cite", "_meta": { "a": "\ud800" } }""" },
        { "prompts/get", """{ "name": 7 }""" },
        { "resources/read", """{ "uri": 7 }""" },
        { "resources/read", """{ "uri": "nothing" }""" },
        { "tools/list", """{ "cursor": 7 }""" },
        { "tools/list", """{ "cursor": {} }""" },
        { "prompts/list", """{ "cursor": 7 }""" },
        { "resources/list", """{ "cursor": 7 }""" },
        { "resources/templates/list", """{ "cursor": 7 }""" },
        { "completion/complete", "{}" },
        { "completion/complete", """{ "ref": [] }""" },
        { "completion/complete", """{ "ref": {} }""" },
        { "completion/complete", """{ "ref": { "type": "ref/prompt", "name": 7 } }""" },
        { "completion/complete", """{ "ref": { "type": "ref/prompt", "name": null } }""" },
        { "completion/complete", """{ "ref": { "type": "ref/resource", "uri": 7 } }""" },
        { "completion/complete", """{ "ref": { "type": "ref/resource", "uri": null } }""" },
    };

    public static TheoryData<string, string> OnSession => new()
    {
        { "tools/call", """{ "name": 7 }""" },
        { "tools/call", """{ "name": {} }""" },
        { "tools/call", """{ "name": null }""" },
        { "tools/call", "{}" },
        { "tools/call", "[]" },
        { "tools/call", "7" },
        { "tools/call", "null" },
        { "tools/call", """{ "name": "@_cite", "_meta": "a" }""" },
        { "tools/call", """{ "name": "@_cite", "_meta": [] }""" },
        { "tools/call", """{ "name": "@_\ud800" }""" },
        { "tools/call", """{ "name": "@_cite", "arguments": { "\ud800": 1 } }""" },
        { "tools/call", """{ "name": "@_cite", "_meta": { "progressToken": "\ud800" } }""" },
        { "completion/complete", """{ "ref": { "type": "ref/prompt", "name": "@_a", "a": "\ud800" } }""" },
        { "tools/list", """{ "cursor": 7 }""" },
        { "tools/list", """{ "_meta": 7 }""" },
        { "tools/list", "[]" },
        { "prompts/list", """{ "cursor": 7 }""" },
        { "prompts/get", """{ "name": 7 }""" },
        { "prompts/get", "{}" },
        { "resources/list", """{ "cursor": 7 }""" },
        { "resources/read", """{ "uri": 7 }""" },
        { "resources/read", "{}" },
        { "resources/read", """{ "uri": "@+docs://manual", "_meta": "a" }""" },
        { "resources/subscribe", """{ "uri": 7 }""" },
        { "resources/subscribe", "{}" },
        { "resources/subscribe", "[]" },
        { "resources/unsubscribe", """{ "uri": {} }""" },
        { "completion/complete", "[]" },
        { "completion/complete", """{ "ref": 7 }""" },
        { "completion/complete", """{ "ref": { "type": "ref/prompt", "name": 7 } }""" },
        { "logging/setLevel", """{ "level": null }""" },
        { "logging/setLevel", """{ "level": "loud" }""" },
        { "logging/setLevel", """{ "level": "INFO" }""" },
        { "logging/setLevel", "[]" },
        { "initialize", "[]" },
        { "initialize", "{}" },
        { "initialize", """{ "protocolVersion": 7 }""" },
    };

    public static TheoryData<string, string, string> PassedOn => new()
    {
        { "tools/call", """{ "name": "@_cite", "arguments": 7 }""", "1" },
        { "tools/call", """{ "name": "@_cite", "arguments": { "a": 1, "a": 2 } }""", "1" },
        { "tools/call", """{ "name": "@_cite", "_meta": { "progressToken": {} } }""", "1" },
        { "tools/call", """{ "name": "@_cite", "_meta": { "progressToken": [1] } }""", "1" },
        { "tools/call", """{ "name": "@_cite", "_meta": { "progressToken": 1.5 } }""", "1" },
        { "tools/call", """{ "name": "@_cite", "inputResponses": 7 }""", "1" },
        { "tools/call", """{ "name": "@_cite" }""", "{}" },
        { "tools/call", """{ "name": "@_cite" }""", "[]" },
        { "tools/call", """{ "name": "@_cite" }""", "1.5" },
        { "tools/call", """{ "name": "@_cite" }""", "null" },
        { "tools/call", """{ "name": "@_cite" }""", "true" },
        { "tools/call", """{ "name": "@_cite" }""", "99999999999999999999" },
        { "tools/call", """{ "name": "@_cite" }""", "9007199254740993" },
        { "tools/call", """{ "name": "@_cite" }""", "-1" },
        { "tools/call", """{ "name": "@_cite" }""", "\"\"" },
        { "tools/call", """{ "name": "" }""", "1" },
        { "prompts/get", """{ "name": "@_none", "arguments": 7 }""", "1" },
        { "completion/complete", """{ "ref": { "type": "ref/none", "name": "@_a" }, "argument": { "name": "a", "value": "b" } }""", "1" },
        { "completion/complete", """{ "ref": { "type": "ref/prompt", "name": "@_a" }, "argument": 7 }""", "1" },
        { "completion/complete", """{ "ref": { "type": "ref/prompt", "name": "@_a" } }""", "1" },
    };

    public async Task InitializeAsync()
    {
        _backend = await WorkBackend.StartAsync(new WorkLog(), HttpServerSessionMode.StatefulForInitializeClients);
        _deployment = await Deployment.StartAsync(others: (Prefix, _backend.Endpoint));
    }

    public async Task DisposeAsync()
    {
        await _deployment.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Theory, MemberData(nameof(WithoutSession))]
    public async Task Malformed_request_without_a_session_is_an_error_of_its_parameters(string method, string parameters) =>
        await AssertInvalidParamsAsync("2026-07-28", method, parameters);

    [Theory, MemberData(nameof(OnSession))]
    public async Task Malformed_request_on_a_session_is_an_error_of_its_parameters(string method, string parameters) =>
        await AssertInvalidParamsAsync("2025-11-25", method, parameters);

    [Theory, MemberData(nameof(PassedOn))]
    public async Task Request_that_only_its_backend_understands_ends_as_it_does_directly(string method, string parameters, string id)
    {
        foreach (string protocol in new[] { "2026-07-28", "2025-11-25" })
        {
            (HttpStatusCode Status, int? Code) direct = await SendAsync(_backend.Endpoint, protocol, method, parameters, id);
            (HttpStatusCode Status, int? Code) through = await SendAsync(_deployment.Gateway.Endpoint, protocol, method, parameters, id);

            Assert.Equal(direct, through);
        }
    }

    [Fact]
    public async Task Notification_in_a_requests_place_ends_as_it_does_directly()
    {
        foreach (string protocol in new[] { "2026-07-28", "2025-11-25" })
        {
            (HttpStatusCode Status, int? Code) direct = await SendAsync(_backend.Endpoint, protocol, "tools/call", "[]", id: null);
            (HttpStatusCode Status, int? Code) through =
                await SendAsync(_deployment.Gateway.Endpoint, protocol, "tools/call", "[]", id: null);

            Assert.Equal(direct, through);
        }
    }

    [Fact]
    public async Task Resource_that_no_backend_has_leaves_what_else_is_listened_for()
    {
        var wanted = new JsonObject
        {
            ["notifications"] = new JsonObject
            {
                ["resourceSubscriptions"] = new JsonArray("none", $"{Prefix}+{WorkResources.Manual}"),
            },
        };

        JsonObject first = await RawCall.ReadAsync(
            _deployment.Gateway.Endpoint,
            await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice),
            "subscriptions/listen",
            wanted).FirstAsync();

        Assert.Equal(
            $"[\"{Prefix}+{WorkResources.Manual}\"]",
            first["params"]!["notifications"]!["resourceSubscriptions"]!.ToJsonString().Replace("\\u002B", "+", StringComparison.Ordinal));
    }

    private async Task AssertInvalidParamsAsync(string protocol, string method, string parameters)
    {
        (HttpStatusCode Status, int? Code) direct = await SendAsync(_backend.Endpoint, protocol, method, parameters, "1");
        (HttpStatusCode Status, int? Code) through = await SendAsync(_deployment.Gateway.Endpoint, protocol, method, parameters, "1");
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice);

        Assert.True(direct.Code is not null || direct.Status == HttpStatusCode.InternalServerError, $"{direct}");
        Assert.Equal(InvalidParams, through.Code);
        Assert.Equal(OidcUser.Alice.ToString(), await alice.WhoAmIAsync());
    }

    /// <summary>Sends a request, in which <c>@</c> stands for the backend, and gives how it ends.</summary>
    private async Task<(HttpStatusCode Status, int? Code)> SendAsync(
        Uri endpoint, string protocol, string method, string parameters, string? id)
    {
        bool isDirect = endpoint == _backend.Endpoint;
        string token = await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice);
        string named = parameters
            .Replace("@_", isDirect ? "" : $"{Prefix}_", StringComparison.Ordinal)
            .Replace("@+", isDirect ? "" : $"{Prefix}+", StringComparison.Ordinal);
        List<(string, string)> headers = [("MCP-Protocol-Version", protocol)];
        if (protocol == "2025-11-25")
        {
            headers.Add(("Mcp-Session-Id", await RawInitialize.OpenAsync(endpoint, token)));
        }
        else
        {
            headers.AddRange([("Mcp-Method", method), ("Mcp-Name", NameOf(named))]);
            named = AddMeta(named);
        }

        string message = $$"""{ "jsonrpc": "2.0", {{(id is null ? "" : $"\"id\": {id},")}} "method": "{{method}}", "params": {{named}} }""";
        using HttpResponseMessage response = await RawCall.PostAsync(endpoint, token, message, [.. headers]);
        if (response.Content.Headers.ContentType is null)
        {
            return (response.StatusCode, null);
        }

        JsonObject answer = await RawCall.ReadAsync(response).FirstAsync(found => found["id"] is not null || found["error"] is not null);
        return (response.StatusCode, (int?)answer["error"]?["code"]);
    }

    /// <summary>Adds what each request of protocol 2026-07-28 has, as text: a test may have a member twice.</summary>
    private static string AddMeta(string parameters)
    {
        const string Own = """
            "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientInfo": { "name": "tests", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {}
            """;
        if (parameters[0] != '{')
        {
            return parameters;
        }

        return parameters.Contains("\"_meta\": {", StringComparison.Ordinal)
            ? parameters.Replace("\"_meta\": {", $"\"_meta\": {{ {Own},", StringComparison.Ordinal)
            : $"{{ \"_meta\": {{ {Own} }}{(parameters == "{}" ? "" : ",")}{parameters[1..]}";
    }

    private static string NameOf(string parameters) => Name.Matches(parameters).LastOrDefault()?.Groups[1].Value ?? "";

    [GeneratedRegex("\"(?:name|uri)\": \"?([^\",}]*)")]
    private static partial Regex Name { get; }
}
