using McpIdentityHeaders.AspNetCore.Tests.Docs;

namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>docs/grafana-dashboard.json asks for what the Prometheus exporter gives.</summary>
[Collection(MetersAlone.Name)]
public sealed class DashboardTests
{
    [Fact]
    public async Task Queries_name_metrics_and_labels_that_are_exported()
    {
        await using MeteredGateway gateway = await MeteredGateway.StartAsync();
        await gateway.RunTrafficAsync();

        ILookup<string, IReadOnlyDictionary<string, string>> samples = await gateway.ScrapeAsync();

        Assert.NotEmpty(Dashboard.Queries);
        Assert.All(
            Dashboard.Queries.SelectMany(Dashboard.ReadMetrics)
                .Concat(Dashboard.Variables.Select(variable => (variable.Metric, Labels: new[] { variable.Label }))),
            used =>
            {
                Assert.True(samples.Contains(used.Metric), $"{used.Metric} is not exported.");
                Assert.All(used.Labels, label =>
                    Assert.True(samples[used.Metric].All(sample => sample.ContainsKey(label)), $"{used.Metric} has no {label}."));
            });
    }

    [Fact]
    public async Task Each_metric_of_the_library_has_a_panel()
    {
        await using MeteredGateway gateway = await MeteredGateway.StartAsync();
        await gateway.RunTrafficAsync();

        ILookup<string, IReadOnlyDictionary<string, string>> samples = await gateway.ScrapeAsync();

        string[] shown = [.. Dashboard.Queries.SelectMany(Dashboard.ReadMetrics).Select(used => used.Metric).Distinct().Order()];
        Assert.Equal(MetricsTable.Read().Count, shown.Length);
        Assert.Equal(
            shown, samples.Select(sample => sample.Key).Where(name => name.StartsWith("mcp_identity", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Queries_compare_labels_with_values_that_there_are()
    {
        IEnumerable<(string, string)> documented =
            MetricsTable.Read().Values.SelectMany(tags => tags).SelectMany(tag => tag.Value.Select(value => (tag.Key, value)));

        Assert.Subset(documented.ToHashSet(), Dashboard.Queries.SelectMany(Dashboard.ReadValues).ToHashSet());
    }

    [PrometheusFact]
    public async Task Queries_find_series_in_Prometheus()
    {
        await using MeteredGateway gateway = await MeteredGateway.StartAsync();
        await gateway.RunTrafficAsync();
        await using PrometheusServer prometheus = await PrometheusServer.StartAsync(gateway.Uri);

        // A rate needs two samples, and the third scrape begins when those are stored.
        await gateway.WaitForScrapesAsync(3);

        foreach (string query in Dashboard.Queries)
        {
            Assert.True(await prometheus.CountSeriesAsync(query) > 0, $"{query} finds nothing.");
        }
    }
}
