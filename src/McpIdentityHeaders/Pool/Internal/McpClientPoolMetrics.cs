using System.Diagnostics.Metrics;

namespace McpIdentityHeaders.Internal;

/// <summary>The instruments of pooled sessions, on the meter <c>McpIdentityHeaders</c>.</summary>
internal sealed class McpClientPoolMetrics
{
    private const string ClientTag = "client";

    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _created;
    private readonly Counter<long> _closed;

    public McpClientPoolMetrics(IMeterFactory meterFactory)
    {
        Meter meter = meterFactory.Create(ClaimInjectionMetrics.MeterName);
        _active = meter.CreateUpDownCounter<long>("mcp.identity.sessions.active", "{session}", "Connected sessions that the pool holds.");
        _created = meter.CreateCounter<long>("mcp.identity.sessions.created", "{session}", "Sessions that the pool connected.");
        _closed = meter.CreateCounter<long>("mcp.identity.sessions.closed", "{session}", "Sessions that the pool closed.");
    }

    internal void Created(string client)
    {
        var tag = new KeyValuePair<string, object?>(ClientTag, client);
        _created.Add(1, tag);
        _active.Add(1, tag);
    }

    internal void Closed(string client, string reason)
    {
        var tag = new KeyValuePair<string, object?>(ClientTag, client);
        _closed.Add(1, tag, new KeyValuePair<string, object?>("reason", reason));
        _active.Add(-1, tag);
    }
}
