namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>Awaits the response and does nothing else: what any handler that looks at a response costs.</summary>
internal sealed class Awaiting : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
}
