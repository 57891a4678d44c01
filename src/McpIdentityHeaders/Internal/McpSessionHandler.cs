using System.Net;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Says of each request which session it belongs to. It stands in front of the pooled handlers, one a session, so that those hold no
/// session's state and can serve all.
/// </summary>
internal sealed class McpSessionHandler : DelegatingHandler
{
    private readonly McpSession _session;
    private readonly IIdentityAccessor _accessor;

    internal McpSessionHandler(McpSession session, IIdentityAccessor accessor, HttpMessageHandler pooled)
        : base(pooled)
    {
        _session = session;
        _accessor = accessor;
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Mark(request);
        return base.Send(request, cancellationToken);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Mark(request);

        if (request.Method == HttpMethod.Delete)
        {
            return SendBoundedAsync(request, cancellationToken);
        }

        // Null while it connects, when the SDK tries one protocol after another and a refusal means nothing.
        return _session.Client is { SessionId: null } ? SendObservedAsync(request, cancellationToken) : base.SendAsync(request, cancellationToken);
    }

    private void Mark(HttpRequestMessage request)
    {
        RequestIdentity.SetSession(request, _session);

        if (request.Method == HttpMethod.Get)
        {
            _session.HasStream = true;
        }

        // Refused here already, before handlers of the user's have done anything for the request, and where claims are not injected at all.
        // It is decided again where it goes out, since such a handler may say otherwise.
        if (_session.Owner is not null)
        {
            IdentityResolver.Resolve(request, _accessor);
        }
    }

    private async Task<HttpResponseMessage> SendBoundedAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _session.CloseBound);
        return await base.SendAsync(request, either.Token).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendObservedAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound)
        {
            _session.IsDoubtful = true;
        }

        return response;
    }
}
