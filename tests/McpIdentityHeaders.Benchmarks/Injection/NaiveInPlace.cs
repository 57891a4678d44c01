namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>Sets the headers on the caller's request unchecked: the least that setting can cost, without any safety.</summary>
internal sealed class NaiveInPlace(IIdentityAccessor accessor) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (accessor.User is { } user)
        {
            request.Headers.TryAddWithoutValidation("X-User-Sub", user.FindFirst("sub")?.Value);
            request.Headers.TryAddWithoutValidation("X-User-Email", user.FindFirst("email")?.Value);
            request.Headers.TryAddWithoutValidation("X-User-Name", user.FindFirst("name")?.Value);
        }

        return base.SendAsync(request, cancellationToken);
    }
}
