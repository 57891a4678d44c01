using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>What is counted of what is stripped.</summary>
public sealed class StrippingMetricsTests
{
    [Theory]
    [InlineData(1, "X-User-Sub: a")]
    [InlineData(1, "x_user.sub: a")]
    [InlineData(1, "X-User-Sub: a", "X-User-Sub: b")]
    [InlineData(1, "X-Gateway-Secret: a")]
    [InlineData(3, "X-User-Sub: a", "X-Kept: 1", "X_User_Sub: b", "X-Tenant-Id: c")]
    public async Task Headers_that_are_removed_are_counted(int expected, params string[] lines)
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using MetricCollector<long> stripped = Collect(server);
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        await client.GetAsync(lines);

        IReadOnlyList<CollectedMeasurement<long>> counted = stripped.GetMeasurementSnapshot();
        Assert.Equal(expected, counted.EvaluateAsCounter());
        Assert.All(counted, measurement => Assert.Equal(new Dictionary<string, object?> { ["side"] = "inbound" }, measurement.Tags));
    }

    [Fact]
    public async Task Nothing_is_counted_where_nothing_is_removed()
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using MetricCollector<long> stripped = Collect(server);
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        await client.GetAsync("X-Kept: 1", "Connection: keep-alive, X-Other");
        await client.GetAsync();
        Assert.Empty(stripped.GetMeasurementSnapshot());

        await client.GetAsync("X-User-Sub: a");
        Assert.Equal(1, Assert.Single(stripped.GetMeasurementSnapshot()).Value);
    }

    private static MetricCollector<long> Collect(InboundServer server) =>
        new(server.Services.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", "mcp.identity.headers.stripped");
}
