using System.ComponentModel;
using System.Text.Json.Nodes;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>Arguments that come in headers too (SEP-2243) are compared by the gateway as the backend compares them.</summary>
public sealed class ToolHeaderTests : IAsyncLifetime
{
    private const string Region = "Mcp-Param-Region";
    private const string Count = "Mcp-Param-Count";

    private RunningApp _backend = null!;
    private Deployment _deployment = null!;
    private string _token = null!;

    public static TheoryData<string, string?, string?, int> Calls => new()
    {
        { "both match", "eu", "42", 200 },
        { "encoded", "=?base64?ZXU=?=", "42", 200 },
        { "another form of the number", "eu", "42.0", 200 },
        { "one is missing", "eu", null, 400 },
        { "both are missing", null, null, 400 },
        { "another value", "us", "42", 400 },
        { "another case", "EU", "42", 400 },
        { "another number", "eu", "43", 400 },
        { "a number that no client can have", "eu", "9007199254740993", 400 },
        { "no base64", "=?base64?%%%?=", "42", 400 },
        { "an empty one", "", "42", 400 },
    };

    public async Task InitializeAsync()
    {
        _backend = await BareBackend.StartAsync(mcp => mcp.WithTools<RegionTools>());
        _deployment = await Deployment.StartAsync(others: ("regions", _backend.Endpoint));
        _token = await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice);
    }

    public async Task DisposeAsync()
    {
        await _deployment.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Theory, MemberData(nameof(Calls))]
    public async Task Call_is_judged_as_the_backend_judges_it(string sent, string? region, string? count, int status)
    {
        (int Status, string Response) direct = await CallAsync(_backend.Endpoint, "list", region, count);
        (int Status, string Response) through = await CallAsync(_deployment.Gateway.Endpoint, "regions_list", region, count);

        Assert.Equal((sent, status), (sent, direct.Status));
        Assert.Equal(direct, through);
    }

    [Fact]
    public async Task Call_of_who_has_not_listed_anything_is_judged_too()
    {
        (int status, string response) = await CallAsync(_deployment.Gateway.Endpoint, "regions_list", "us", "42");

        Assert.Equal(400, status);
        Assert.StartsWith("-32020 Header mismatch: Mcp-Param-Region", response, StringComparison.Ordinal);
    }

    private async Task<(int Status, string Response)> CallAsync(Uri endpoint, string tool, string? region, string? count)
    {
        var call = new JsonObject
        {
            ["name"] = tool,
            ["arguments"] = new JsonObject { ["where"] = "eu", ["count"] = 42 },
        };
        using HttpResponseMessage response = await RawCall.PostAsync(
            endpoint,
            _token,
            "tools/call",
            call,
            headers:
            [
                .. from header in new[] { (Region, region), (Count, count) }
                   where header.Item2 is not null
                   select (header.Item1, header.Item2),
            ]);
        JsonObject? message = null;
        await foreach (JsonObject next in RawCall.ReadAsync(response))
        {
            message = next;
        }

        return (
            (int)response.StatusCode,
            message!["error"] is { } error ? $"{error["code"]} {error["message"]}" : $"{message["result"]!["content"]![0]!["text"]}");
    }

    [McpServerToolType]
    private sealed class RegionTools
    {
        [McpServerTool(Name = "list"), Description("Lists what is in a region.")]
        public static string List([McpHeader("Region")] string where, [McpHeader("Count")] int count) => $"{count} in {where}";
    }
}
