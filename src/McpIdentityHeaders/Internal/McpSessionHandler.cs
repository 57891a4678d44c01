namespace McpIdentityHeaders.Internal;

/// <summary>
/// Says of each request which session it belongs to. It stands in front of the pooled handlers, one a session, so that those hold no
/// session's state and can serve all.
/// </summary>
internal sealed class McpSessionHandler : DelegatingHandler
{
    private readonly McpSession _session;

    internal McpSessionHandler(McpSession session, HttpMessageHandler pooled)
        : base(pooled) => _session = session;

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        RequestIdentity.SetSession(request, _session);
        return base.Send(request, cancellationToken);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        RequestIdentity.SetSession(request, _session);
        return base.SendAsync(request, cancellationToken);
    }
}
