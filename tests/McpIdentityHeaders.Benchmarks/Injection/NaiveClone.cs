namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>A typical hand-written clone, without any safety rule.</summary>
internal sealed class NaiveClone(IIdentityAccessor accessor) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (accessor.User is not { } user)
        {
            return base.SendAsync(request, cancellationToken);
        }

        var clone = new HttpRequestMessage(request.Method, request.RequestUri)
        {
            Version = request.Version,
            VersionPolicy = request.VersionPolicy,
            Content = request.Content,
        };

        foreach (KeyValuePair<string, IEnumerable<string>> header in request.Headers)
        {
            clone.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        foreach (KeyValuePair<string, object?> option in request.Options)
        {
            clone.Options.Set(new HttpRequestOptionsKey<object?>(option.Key), option.Value);
        }

        clone.Headers.TryAddWithoutValidation("X-User-Sub", user.FindFirst("sub")?.Value);
        clone.Headers.TryAddWithoutValidation("X-User-Email", user.FindFirst("email")?.Value);
        clone.Headers.TryAddWithoutValidation("X-User-Name", user.FindFirst("name")?.Value);
        return base.SendAsync(clone, cancellationToken);
    }
}
