namespace McpIdentityHeaders.Internal;

/// <summary>Notes which trusted service a request is sent to, before any handler resolves its URI: the outermost handler.</summary>
internal sealed class RequestedServiceHandler(ClaimInjectionState state) : DelegatingHandler
{
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Mark(request);
        return base.Send(request, cancellationToken);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Mark(request);
        return base.SendAsync(request, cancellationToken);
    }

    private void Mark(HttpRequestMessage request)
    {
        if (state.Plan is { HasServices: true } plan)
        {
            RequestedService.Mark(request, plan);
        }
    }
}
