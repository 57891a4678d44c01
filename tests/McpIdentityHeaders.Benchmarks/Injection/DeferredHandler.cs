using System.Net;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>A primary handler that answers when it is told to, as one over a socket does when the answer has come. For one request at a time.</summary>
internal sealed class AnsweringLater : HttpMessageHandler
{
    private TaskCompletionSource<HttpResponseMessage> _answer = null!;
    private HttpRequestMessage _request = null!;

    public void Answer() => _answer.SetResult(new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = _request });

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _request = request;
        _answer = new TaskCompletionSource<HttpResponseMessage>();
        return _answer.Task;
    }
}
