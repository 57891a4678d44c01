namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>Records the names of a request's headers, on the way out and of the response's request on the way back.</summary>
internal sealed class HeaderRecordingHandler : DelegatingHandler
{
    private readonly List<string[]> _seen = [];

    public IReadOnlyList<string[]> Seen => _seen;

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Record(request);
        return Record(base.Send(request, cancellationToken));
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Record(request);
        return Record(await base.SendAsync(request, cancellationToken));
    }

    private HttpResponseMessage Record(HttpResponseMessage response)
    {
        Record(response.RequestMessage!);
        return response;
    }

    private void Record(HttpRequestMessage request) => _seen.Add([.. request.Headers.Select(header => header.Key)]);
}
