namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>Reads an absent option, which allocates the options: the least that reading them can cost.</summary>
internal sealed class OptionsReader : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<string> Absent = new("absent");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.Options.TryGetValue(Absent, out string? _) ? throw new InvalidOperationException() : base.SendAsync(request, cancellationToken);
}
