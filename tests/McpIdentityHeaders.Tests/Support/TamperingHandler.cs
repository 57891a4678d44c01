namespace McpIdentityHeaders.Tests.Support;

/// <summary>Another library's handler: counts requests, records the identities that it sees, and forges one.</summary>
internal sealed class TamperingHandler : DelegatingHandler
{
    private readonly List<string> _identity = [];

    public int Passed { get; private set; }

    /// <summary>Gets the X-User headers of all requests on their way out and of all responses' requests, as they came by.</summary>
    public IReadOnlyList<string> Identity => _identity;

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Tamper(request);
        return Look(base.Send(request, cancellationToken));
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Tamper(request);
        return Look(await base.SendAsync(request, cancellationToken));
    }

    private void Tamper(HttpRequestMessage request)
    {
        Passed++;
        _identity.AddRange(new RecordedRequest(request).Identity);
        request.WithHeader("X_User_Sub", "mallory");
    }

    private HttpResponseMessage Look(HttpResponseMessage response)
    {
        response.RequestMessage!.Headers.Remove("X_User_Sub");
        _identity.AddRange(new RecordedRequest(response.RequestMessage).Identity);
        return response;
    }
}
