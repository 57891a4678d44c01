namespace McpIdentityHeaders.Internal;

/// <summary>
/// Says of each request which session it belongs to. It stands in front of the pooled handlers, one a session, so that those hold no
/// session's state and can serve all.
/// </summary>
internal sealed class McpSessionHandler : DelegatingHandler
{
    private const string SessionId = "Mcp-Session-Id";

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

        // Its caller disposes a session of its own, and waits for as long as it likes.
        if (_session.CloseDeadline is not { } bound)
        {
            return base.SendAsync(request, cancellationToken);
        }

        if (request.Method == HttpMethod.Delete)
        {
            return bound.RunAsync(token => base.SendAsync(request, token), cancellationToken);
        }

        return SendObservedAsync(request, cancellationToken);
    }

    private void Mark(HttpRequestMessage request)
    {
        RequestIdentity.SetSession(request, _session);

        if (request.Method == HttpMethod.Get && request.RequestUri == _session.Endpoint)
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

    private async Task<HttpResponseMessage> SendObservedAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        bool isCall = request.Method == HttpMethod.Post;
        if (isCall && _session.Client is null && request.Headers.Contains(SessionId))
        {
            _session.SetKnown();
        }

        bool isBesideStream = isCall && _session is { HasStream: true, Client.SessionId: null };
        HttpResponseMessage response = isBesideStream
            ? await PostBesideStreamAsync(request, cancellationToken).ConfigureAwait(false)
            : await base.SendAsync(request, cancellationToken).ConfigureAwait(false);

        // While it connects there is no client: the SDK tries one protocol after another then, and a refusal means nothing. Neither does what
        // is sent elsewhere, to an authorization server.
        if (_session.Client is not null && (isBesideStream || request.RequestUri == _session.Endpoint))
        {
            _session.Answered(response.StatusCode, isCall);
        }

        return response;
    }

    /// <summary>Posts as legacy SSE does. The SDK's transport for it leaves a POST that is not answered as it is when it is closed.</summary>
    private async Task<HttpResponseMessage> PostBesideStreamAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _session.Closing);
        return await base.SendAsync(request, either.Token).ConfigureAwait(false);
    }
}
