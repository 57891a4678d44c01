using System.Diagnostics;
using McpIdentityHeaders.AspNetCore.Tests.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>OpenTelemetry over a client with claim injection: what is exported, and that no claim is.</summary>
[Collection(MetersAlone.Name)]
public sealed class OpenTelemetryTests
{
    [Fact]
    public async Task Metrics_and_spans_are_exported_without_a_claim()
    {
        List<Metric> metrics = [];
        List<Activity> spans = [];
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        var services = new ServiceCollection();
        services.AddMcpClient("notes", backend.Endpoint).AddClaimInjection();
        services.AddSingleton<Notes>();

        // <snippet>
        services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter("McpIdentityHeaders"))
            .WithTracing(tracing => tracing.AddHttpClientInstrumentation());
        // </snippet>
        services.ConfigureOpenTelemetryMeterProvider(provider => provider.AddInMemoryExporter(metrics));
        services.ConfigureOpenTelemetryTracerProvider(provider => provider.AddInMemoryExporter(spans));
        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);
        MeterProvider meters = provider.GetRequiredService<MeterProvider>();
        TracerProvider tracers = provider.GetRequiredService<TracerProvider>();

        string user = await AmbientIdentity.RunAsync(
            Users.Named("alice-4711", "Alice 4711"), () => provider.GetRequiredService<Notes>().WhoAmIAsync());

        Assert.Equal("alice-4711", user);
        Assert.True(meters.ForceFlush());
        Assert.True(tracers.ForceFlush());
        Assert.Contains(metrics, metric => metric.Name == "mcp.identity.requests");
        string root = backend.Root.ToString();
        Activity[] own =
            [.. spans.Where(span => span.GetTagItem("url.full") is string url && url.StartsWith(root, StringComparison.Ordinal))];
        Assert.NotEmpty(own);
        Assert.DoesNotContain(own.SelectMany(span => span.TagObjects), HasClaim);
        Assert.All(own, span => Assert.Empty(span.Baggage));
        Assert.DoesNotContain(Tags(metrics), HasClaim);
    }

    [Fact]
    public async Task Enrichment_sees_the_message_as_it_goes_out()
    {
        string? enriched = null;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        string root = backend.Root.ToString();
        var services = new ServiceCollection();
        services.AddMcpClient("notes", backend.Endpoint).AddClaimInjection();
        services.AddSingleton<Notes>();
        services.AddOpenTelemetry().WithTracing(tracing => tracing.AddHttpClientInstrumentation(
            options => options.EnrichWithHttpRequestMessage = (_, request) =>
                enriched = request.RequestUri!.ToString().StartsWith(root, StringComparison.Ordinal)
                    ? string.Join(',', request.Headers.GetValues("X-User-Sub"))
                    : enriched));
        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);
        provider.GetRequiredService<TracerProvider>();

        await AmbientIdentity.RunAsync(Users.Alice, () => provider.GetRequiredService<Notes>().WhoAmIAsync());

        Assert.Equal("alice", enriched);
    }

    private static bool HasClaim(KeyValuePair<string, object?> tag) =>
        tag.Value?.ToString()?.Contains("4711", StringComparison.Ordinal) == true;

    private static List<KeyValuePair<string, object?>> Tags(List<Metric> metrics)
    {
        List<KeyValuePair<string, object?>> tags = [];
        foreach (Metric metric in metrics)
        {
            foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
            {
                foreach (KeyValuePair<string, object?> tag in point.Tags)
                {
                    tags.Add(tag);
                }
            }
        }

        return tags;
    }
}
