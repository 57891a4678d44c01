namespace McpIdentityHeaders.Benchmarks.Assertions;

/// <summary>Sets a header of an assertion's length, in its place: what the header itself costs.</summary>
internal sealed class ConstantHeader(string value) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.TryAddWithoutValidation("X-User-Assertion", value);
        return base.SendAsync(request, cancellationToken);
    }
}
