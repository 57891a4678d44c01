using System.Diagnostics;
using McpIdentityHeaders.AspNetCore.Tests.Docs;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>A whole call, from a gateway's pool to its backend, as OpenTelemetry's in-memory exporter has it.</summary>
[Collection(MetersAlone.Name)]
public sealed class WholeCallTests
{
    private const string Key = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.Stateless)]
    public async Task Each_request_of_a_call_has_its_user_on_both_ends(McpBackendKind kind)
    {
        using var spans = new ExportedSpans();
        await using ReceivingHost host = await McpReceiver.StartAsync(
            kind, configure: options => (options.UserActivityTag, options.UserActivityTagKey) = (UserActivityTag.PseudonymousId, Key));
        await using ServiceProvider services = NewServices(host, kind, "whole-call");
        await CallAsync(services, "whole-call", Users.Alice);
        await CallAsync(services, "whole-call", Users.Bob);

        Activity server = await spans.WaitForServerAsync("/mcp");
        IReadOnlyList<Activity> clients = spans.Clients;
        Assert.NotNull(server.GetTagItem("enduser.pseudo.id"));
        Assert.NotEmpty(clients);
        Assert.All(clients, span => Assert.Equal(43, Assert.IsType<string>(span.GetTagItem("enduser.pseudo.id")).Length));
        Assert.Equal(2, clients.Select(span => span.GetTagItem("enduser.pseudo.id")).Distinct().Count());
        Assert.DoesNotContain(
            spans.All.SelectMany(span => span.TagObjects),
            tag => tag.Value?.ToString() is { } value
                && (value.Contains("alice", StringComparison.OrdinalIgnoreCase) || value.Contains(Key)));
        Assert.All(spans.All, span => Assert.Empty(span.Baggage));
    }

    [Fact]
    public async Task Metrics_of_a_call_are_what_the_table_says()
    {
        string client = $"call-{Guid.NewGuid()}";
        List<MetricSnapshot> exported = [];
        using MeterProvider meters = Sdk.CreateMeterProviderBuilder()
            .AddMeter("McpIdentityHeaders")
            .AddInMemoryExporter(
                exported, reader => reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = Timeout.Infinite)
            .Build();
        await using ReceivingHost host = await McpReceiver.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = NewServices(host, McpBackendKind.Sessions, client);
        await CallAsync(services, client, Users.Alice);
        await services.Pool().CloseAsync(Users.Alice);

        Assert.True(meters.ForceFlush());

        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string[]>> table = MetricsTable.Read();
        Assert.All(exported, metric =>
        {
            Assert.Matches(@"^\{[a-z]+\}$", metric.Unit);
            Assert.NotEmpty(metric.Description);
            Assert.All(PointsOf(metric), point => Assert.All(point.Tags, tag =>
            {
                string[] values = table[metric.Name][tag.Key];
                Assert.True(values.Length == 0 || values.Contains(tag.Value), $"{metric.Name} has an unknown {tag.Key}: {tag.Value}.");
            }));
        });
        Assert.Equal(
            [
                "mcp.identity.requests client={client} outcome=injected >0",
                "mcp.identity.sessions.active client={client} 0",
                "mcp.identity.sessions.closed client={client} reason=user 1",
                "mcp.identity.sessions.created client={client} 1",
            ],
            exported.SelectMany(metric => PointsOf(metric)
                    .Where(point => point.Tags.Contains(new("client", client)))
                    .Select(point => $"{metric.Name} {string.Join(' ', point.Tags.Select(tag => $"{tag.Key}={tag.Value}"))} "
                        + (metric.Name == "mcp.identity.requests" && point.Sum > 0 ? ">0" : point.Sum)))
                .Select(line => line.Replace(client, "{client}", StringComparison.Ordinal))
                .Order());
    }

    private static ServiceProvider NewServices(ReceivingHost host, McpBackendKind kind, string client)
    {
        var services = new ServiceCollection();
        services.AddMcpClient(client, new Uri(host.Uri, "/mcp")).AddClaimInjection(options =>
        {
            McpReceiver.AddHeaders(options.Headers);
            (options.UserActivityTag, options.UserActivityTagKey) = (UserActivityTag.PseudonymousId, Key);
        });
        services.Configure<McpClientOptions>(client, options =>
            options.ProtocolVersion = kind == McpBackendKind.Stateless ? "2026-07-28" : "2025-11-25");
        return services.BuildServiceProvider(validateScopes: true);
    }

    private static Task<string> CallAsync(ServiceProvider services, string client, ClaimsPrincipal user) =>
        AmbientIdentity.RunAsync(user, async () =>
        {
            await using McpClientLease lease = await services.Pool().RentAsync(client);
            return await lease.Client.CallTextAsync("whoami");
        });

    private static List<(long Sum, KeyValuePair<string, object?>[] Tags)> PointsOf(MetricSnapshot metric)
    {
        List<(long, KeyValuePair<string, object?>[])> points = [];
        foreach (MetricPoint point in metric.MetricPoints)
        {
            List<KeyValuePair<string, object?>> tags = [];
            foreach (KeyValuePair<string, object?> tag in point.Tags)
            {
                tags.Add(tag);
            }

            points.Add((point.GetSumLong(), [.. tags]));
        }

        return points;
    }
}
