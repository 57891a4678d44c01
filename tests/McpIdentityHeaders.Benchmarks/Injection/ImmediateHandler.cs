using System.Net;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>A primary handler that responds at once: leaves the cost of the handlers in front of it.</summary>
internal sealed class ImmediateHandler : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request });
}
