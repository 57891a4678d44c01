namespace McpIdentityHeaders.Tests.Support;

/// <summary>A request as it reached the innermost handler, with its headers as they were at that moment.</summary>
internal sealed class RecordedRequest(HttpRequestMessage message)
{
    private readonly List<KeyValuePair<string, string>> _headers =
        [.. message.Headers.NonValidated.SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value)))];

    public HttpRequestMessage Message { get; } = message;

    public Uri? Uri { get; } = message.RequestUri;

    public HttpMethod Method { get; } = message.Method;

    public IReadOnlyList<KeyValuePair<string, string>> Headers => _headers;

    public string[] Values(string name) =>
        [.. _headers.Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value)];

    public bool Has(string name) => Values(name).Length > 0;

    /// <summary>Every header that a server could take for an X-User header, as "name: value", in order.</summary>
    public string[] Identity => [.. _headers
        .Where(header => header.Key.Replace('_', '-').Replace('.', '-').StartsWith("x-user-", StringComparison.OrdinalIgnoreCase))
        .Select(header => $"{header.Key}: {header.Value}")];
}
