using System.Diagnostics.Metrics;

namespace McpIdentityHeaders.Internal;

/// <summary>The meter <c>McpIdentityHeaders</c>, made by the container's <see cref="IMeterFactory"/>.</summary>
internal sealed class ClaimInjectionMetrics
{
    internal const string MeterName = "McpIdentityHeaders";

    private const string ClientTag = "client";

    private readonly Counter<long> _requests;
    private readonly Counter<long> _stripped;
    private readonly Counter<long> _refusedRedirects;

    public ClaimInjectionMetrics(IMeterFactory meterFactory)
    {
        Meter meter = meterFactory.Create(MeterName);
        _requests = meter.CreateCounter<long>("mcp.identity.requests", "{request}", "Requests that passed a client's claim injection.");
        _stripped = meter.CreateCounter<long>(
            "mcp.identity.headers.stripped", "{header}", "Headers under an identity header's name that were removed from a message.");
        _refusedRedirects = meter.CreateCounter<long>(
            "mcp.identity.redirects.refused", "{redirect}", "Redirects not followed for the sake of an identity.");
    }

    internal void Injected(string client) => Count(client, "injected");

    internal void UnknownUser(string client) => Count(client, "unknown");

    internal void AnonymousUser(string client) => Count(client, "anonymous");

    internal void NoClaims(string client) => Count(client, "no_claims");

    internal void UntrustedOrigin(string client) => Count(client, "untrusted_origin");

    internal void Rejected(string client) => Count(client, "rejected");

    internal void StrippedOutbound(int headers) => Stripped(headers, "outbound");

    internal void StrippedInbound(int headers) => Stripped(headers, "inbound");

    internal void RedirectRefused(string client)
    {
        if (_refusedRedirects.Enabled)
        {
            _refusedRedirects.Add(1, new KeyValuePair<string, object?>(ClientTag, client));
        }
    }

    private void Stripped(int headers, string side)
    {
        if (headers > 0 && _stripped.Enabled)
        {
            _stripped.Add(headers, new KeyValuePair<string, object?>("side", side));
        }
    }

    private void Count(string client, string outcome)
    {
        if (_requests.Enabled)
        {
            _requests.Add(1, new KeyValuePair<string, object?>(ClientTag, client), new KeyValuePair<string, object?>("outcome", outcome));
        }
    }
}
