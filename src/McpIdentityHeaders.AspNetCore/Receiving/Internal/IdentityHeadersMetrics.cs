using System.Diagnostics.Metrics;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>A receiver's counters, in the library's meter.</summary>
internal sealed class IdentityHeadersMetrics
{
    private readonly Counter<long> _received;

    public IdentityHeadersMetrics(IMeterFactory meterFactory) => _received = meterFactory.Create(ClaimInjectionMetrics.MeterName)
        .CreateCounter<long>("mcp.identity.received", "{request}", "Requests with identity headers that a receiver judged.");

    internal void Accepted() => Count("accepted");

    internal void UntrustedPeer() => Count("untrusted_peer");

    internal void Malformed() => Count("malformed");

    private void Count(string outcome)
    {
        if (_received.Enabled)
        {
            _received.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }
}
