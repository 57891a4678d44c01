namespace McpIdentityHeaders.Internal;

/// <summary>Marks each request with its session. One a session: the pooled handlers behind it serve all, and hold no state.</summary>
internal sealed class McpSessionHandler(McpSession session, IIdentityAccessor accessor, HttpMessageHandler pooled) : DelegatingHandler(pooled)
{
    private const string SessionId = "Mcp-Session-Id";

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Mark(request);
        return base.Send(request, cancellationToken);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Mark(request);

        // No deadline: the caller owns the session.
        if (session.CloseDeadline is not { } deadline)
        {
            return base.SendAsync(request, cancellationToken);
        }

        return request.Method == HttpMethod.Delete
            ? deadline.RunAsync(token => base.SendAsync(request, token), cancellationToken)
            : SendObservedAsync(request, cancellationToken);
    }

    private void Mark(HttpRequestMessage request)
    {
        SessionIdentity identity = LeaseIdentity.Current is { } lease && lease.Session == session ? lease : session;
        RequestIdentity.SetSession(request, identity);

        if (request.Method == HttpMethod.Get && request.RequestUri == session.Endpoint)
        {
            session.HasStream = true;
        }

        // Check before user code sees the request, and for clients without claim injection.
        // Checked again at the end: a user's handler may call SetUser.
        if (identity.HasOwner)
        {
            IdentityResolver.Resolve(request, accessor);
        }
    }

    private async Task<HttpResponseMessage> SendObservedAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        bool isCall = request.Method == HttpMethod.Post;
        if (isCall && session.Client is null && request.Headers.Contains(SessionId))
        {
            session.SetSessionIdReceived();
        }

        bool hasSeparateStream = isCall && session is { HasStream: true, Client.SessionId: null };

        // The SDK's transport for legacy SSE leaves a pending POST as it is when it closes.
        using CancellationTokenSource? either =
            hasSeparateStream ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Closing) : null;
        HttpResponseMessage response = await base.SendAsync(request, either?.Token ?? cancellationToken).ConfigureAwait(false);

        // Ignore responses while connecting, when the SDK tries one protocol after another, and those of authorization servers.
        if (session.Client is not null && (hasSeparateStream || request.RequestUri == session.Endpoint))
        {
            session.OnResponse(response.StatusCode, isCall);
        }

        return response;
    }
}
