using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Conformance;

/// <summary>The scenarios of the public conformance suite come to the same through a gateway as directly at the backend.</summary>
public sealed class ConformanceTests
{
    /// <summary>The scenarios that come to something else through the gateway, as docs/deployment.md says.</summary>
    private static readonly Dictionary<string, string[]> GatewayDifferences = new()
    {
        ["2025-11-25"] =
        [
            "json-schema-2020-12",
            "resources-read-binary",
            "resources-read-text",
            "resources-subscribe",
            "resources-templates-read",
            "resources-unsubscribe",
        ],
        ["2026-07-28"] =
        [
            "json-schema-2020-12",
            "resources-read-binary",
            "resources-read-text",
            "resources-templates-read",
        ],
    };

    [ConformanceTheory, InlineData("2025-11-25"), InlineData("2026-07-28")]
    public async Task Result_through_the_proxy_is_the_same(string revision)
    {
        await using RunningApp backend = await ConformanceBackend.StartAsync(prefixed: true);
        await using ProxyDeployment deployment = await ProxyDeployment.StartAsync((ConformanceBackend.Prefix, backend.Endpoint));
        deployment.Proxy.DefaultToken = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);

        IReadOnlyDictionary<string, string> direct = await ConformanceSuite.RunAsync(backend.Endpoint, revision);
        IReadOnlyDictionary<string, string> through = await ConformanceSuite.RunAsync(
            deployment.GetEndpoint(ConformanceBackend.Prefix), revision);

        Assert.NotEmpty(direct);
        Assert.Equal(ToLines(direct), ToLines(through));
    }

    [ConformanceTheory, InlineData("2025-11-25"), InlineData("2026-07-28")]
    public async Task Result_through_the_gateway_is_the_same_but_for_the_known(string revision)
    {
        await using RunningApp backend = await ConformanceBackend.StartAsync(prefixed: true);
        await using RunningApp unprefixed = await ConformanceBackend.StartAsync(prefixed: false);
        await using Deployment deployment = await Deployment.StartAsync(
            [("environment", "Development")], others: (ConformanceBackend.Prefix, unprefixed.Endpoint));
        deployment.Gateway.DefaultToken = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);

        IReadOnlyDictionary<string, string> direct = await ConformanceSuite.RunAsync(backend.Endpoint, revision);
        IReadOnlyDictionary<string, string> through = await ConformanceSuite.RunAsync(deployment.Gateway.Endpoint, revision);

        Assert.Equal(
            GatewayDifferences[revision],
            direct.Keys.Union(through.Keys)
                .Where(scenario => direct.GetValueOrDefault(scenario) != through.GetValueOrDefault(scenario))
                .Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> ToLines(IReadOnlyDictionary<string, string> results) =>
        results.Select(result => $"{result.Key}: {result.Value}").Order(StringComparer.Ordinal);
}
