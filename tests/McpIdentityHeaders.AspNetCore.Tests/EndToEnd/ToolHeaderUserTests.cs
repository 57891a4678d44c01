using System.Text.Json;
using System.Text.Json.Nodes;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>
/// A backend shows each user other tools. What one user may list decides by no means about another user's call: neither which headers it
/// has to have (SEP-2243), nor which it gets.
/// </summary>
public sealed class ToolHeaderUserTests : IAsyncLifetime
{
    private static readonly OidcUser Carol = new("carol", "Carol Clark", "carol@example.com");

    private RunningApp _backend = null!;
    private Deployment _deployment = null!;

    /// <summary>Gets who calls with which header, and what comes of it: an error, or the headers that the backend got.</summary>
    public static TheoryData<string, string, string> Calls => new()
    {
        { "alice", "Region: eu", "Mcp-Param-Region: eu" },
        { "alice", "Region: us", "-32020" },
        { "alice", "Zone: eu", "-32020" },
        { "alice", "", "-32020" },
        { "bob", "Zone: eu", "Mcp-Param-Zone: eu" },
        { "bob", "Zone: us", "-32020" },
        { "bob", "Region: eu", "-32020" },
        { "bob", "", "-32020" },
        { "carol", "", "" },
        { "carol", "Region: us", "" },
        { "carol", "Zone: us", "" },
    };

    public async Task InitializeAsync()
    {
        _backend = await BareBackend.StartAsync(mcp =>
        {
            mcp.Services.AddHttpContextAccessor();
            mcp.WithListToolsHandler(
                (request, _) => ValueTask.FromResult(new ListToolsResult { Tools = ListFor(GetHeaders(request.Services!)) }));
            mcp.WithCallToolHandler((request, _) => ValueTask.FromResult(new CallToolResult
            {
                Content = [new TextContentBlock { Text = DescribeParameters(GetHeaders(request.Services!)) }],
            }));
        });
        _deployment = await Deployment.StartAsync(others: ("regions", _backend.Endpoint));
    }

    public async Task DisposeAsync()
    {
        await _deployment.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Theory, MemberData(nameof(Calls))]
    public async Task Call_is_judged_by_what_its_own_user_may_list(string user, string header, string expected)
    {
        foreach (OidcUser other in new[] { OidcUser.Alice, OidcUser.Bob, Carol })
        {
            string token = await _deployment.Oidc.IssueTokenAsync(other);
            await RawCall.SendAsync(_deployment.Gateway.Endpoint, token, "tools/list", []);
        }

        Assert.Equal(expected, await CallAsync(user, header));
    }

    [Theory, MemberData(nameof(Calls))]
    public async Task Call_is_not_judged_by_what_another_users_call_made_known(string user, string header, string expected)
    {
        string other = user == "alice" ? "bob" : "alice";
        await CallAsync(other, other == "alice" ? "Region: eu" : "Zone: eu");

        Assert.Equal(expected, await CallAsync(user, header));
    }

    private static IHeaderDictionary GetHeaders(IServiceProvider services) =>
        services.GetRequiredService<IHttpContextAccessor>().HttpContext!.Request.Headers;

    private static List<Tool> ListFor(IHeaderDictionary headers) => headers["X-User-Sub"].ToString() switch
    {
        "alice" => [CreateTool("Region")],
        "bob" => [CreateTool("Zone")],
        _ => [],
    };

    private static Tool CreateTool(string header) => new()
    {
        Name = "list",
        InputSchema = JsonElement.Parse(
            $$"""{ "type": "object", "properties": { "where": { "type": "string", "x-mcp-header": "{{header}}" } } }"""),
    };

    private static string DescribeParameters(IHeaderDictionary headers) => string.Join(
        ", ",
        headers.Where(header => header.Key.StartsWith("Mcp-Param", StringComparison.OrdinalIgnoreCase))
            .Select(header => $"{header.Key}: {header.Value}"));

    private async Task<string> CallAsync(string user, string header)
    {
        OidcUser caller = Array.Find([OidcUser.Alice, OidcUser.Bob, Carol], known => known.Subject == user)!;
        string[] parts = header.Split(": ");
        using HttpResponseMessage response = await RawCall.PostAsync(
            _deployment.Gateway.Endpoint,
            await _deployment.Oidc.IssueTokenAsync(caller),
            "tools/call",
            new JsonObject { ["name"] = "regions_list", ["arguments"] = new JsonObject { ["where"] = "eu" } },
            headers: parts is [var name, var value] ? [($"Mcp-Param-{name}", value)] : []);
        JsonObject? message = null;
        await foreach (JsonObject next in RawCall.ReadAsync(response))
        {
            message = next;
        }

        return message!["error"] is { } error ? $"{error["code"]}" : $"{message["result"]!["content"]![0]!["text"]}";
    }
}
