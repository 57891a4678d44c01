namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>Looks for an option that is not there, which makes the framework allocate the options: the least that asking a request can cost.</summary>
internal sealed class OptionsLookedAt : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<string> Absent = new("absent");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.Options.TryGetValue(Absent, out string? _) ? throw new InvalidOperationException() : base.SendAsync(request, cancellationToken);
}
