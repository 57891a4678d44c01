using System.Net;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>A primary handler that responds when completed, as one over a socket does. For one request at a time.</summary>
internal sealed class DeferredHandler : HttpMessageHandler
{
    private TaskCompletionSource<HttpResponseMessage> _response = null!;
    private HttpRequestMessage _request = null!;

    public void Complete()
    {
        // With the headers that a server's response has, which are looked at.
        var response = new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = _request, Content = new ByteArrayContent([]) };
        response.Headers.Date = DateTimeOffset.UnixEpoch;
        response.Content.Headers.ContentLength = 0;
        _response.SetResult(response);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _request = request;
        _response = new TaskCompletionSource<HttpResponseMessage>();
        return _response.Task;
    }
}
