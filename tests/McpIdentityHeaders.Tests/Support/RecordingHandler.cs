using System.Collections.Concurrent;
using System.Net;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>Stands for the sockets in tests that need the very object that arrived. All else is tested on real sockets.</summary>
internal sealed class RecordingHandler(Func<HttpRequestMessage, HttpResponseMessage>? respond = null) : HttpMessageHandler
{
    private readonly ConcurrentQueue<RecordedRequest> _requests = new();

    public IReadOnlyList<RecordedRequest> Requests => [.. _requests];

    public RecordedRequest Only => Assert.Single(_requests);

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _requests.Enqueue(new RecordedRequest(request));
        HttpResponseMessage response = respond?.Invoke(request) ?? new HttpResponseMessage(HttpStatusCode.OK);
        response.RequestMessage = request;
        return response;
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(Send(request, cancellationToken));
}
