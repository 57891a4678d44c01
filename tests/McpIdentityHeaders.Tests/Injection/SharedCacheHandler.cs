using System.Collections.Concurrent;
using System.Net.Http.Headers;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// A cache by RFC 9111, which serves all users as a shared one or, like a browser's, one user as a private one. It judges Vary by the
/// requests that it sees.
/// </summary>
internal sealed class SharedCacheHandler(bool isPrivate = false) : DelegatingHandler
{
    private readonly ConcurrentDictionary<Uri, ConcurrentQueue<Entry>> _entries = [];

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Find(request)?.ToResponse(request)
        ?? StoreAsync(request, base.Send(request, cancellationToken), cancellationToken).GetAwaiter().GetResult();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Find(request)?.ToResponse(request)
        ?? await StoreAsync(request, await base.SendAsync(request, cancellationToken), cancellationToken);

    private Entry? Find(HttpRequestMessage request) =>
        request.Method == HttpMethod.Get && _entries.TryGetValue(request.RequestUri!, out ConcurrentQueue<Entry>? entries)
            ? entries.FirstOrDefault(entry => entry.Matches(request))
            : null;

    private async Task<HttpResponseMessage> StoreAsync(
        HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);

        // A POST's response with explicit freshness answers later GETs of its location.
        Uri? uri = request.Method == HttpMethod.Get ? request.RequestUri : response.Content.Headers.ContentLocation;
        if (uri is not null && MayStore(response))
        {
            _entries.GetOrAdd(uri, _ => []).Enqueue(new Entry(response, body, request));
        }

        return response;
    }

    private bool MayStore(HttpResponseMessage response)
    {
        CacheControlHeaderValue directives = response.Headers.CacheControl ?? new CacheControlHeaderValue();
        string[] raw = [.. response.Headers.NonValidated.TryGetValues("Cache-Control", out HeaderStringValues lines) ? lines : []];
        bool refuses = directives.NoStore || Array.Exists(raw, line => line.Contains("no-store", StringComparison.Ordinal));
        bool isOneUsers = directives.Private || Array.Exists(raw, line => line.Trim() == "private");
        bool isFresh = directives.MaxAge > TimeSpan.Zero || (!isPrivate && directives.SharedMaxAge > TimeSpan.Zero)
            || response.Content.Headers.Expires > DateTimeOffset.UtcNow || response.Content.Headers.LastModified is not null;

        return !refuses && (isPrivate || !isOneUsers) && isFresh;
    }

    private sealed class Entry(HttpResponseMessage response, byte[] body, HttpRequestMessage request)
    {
        private readonly (string Name, string Value)[] _varied = [.. response.Headers.Vary.Select(name => (name, ValueOf(request, name)))];

        public bool Matches(HttpRequestMessage other) =>
            Array.TrueForAll(_varied, varied => varied.Name != "*" && ValueOf(other, varied.Name) == varied.Value);

        public HttpResponseMessage ToResponse(HttpRequestMessage other) =>
            new(response.StatusCode) { Content = new ByteArrayContent(body), RequestMessage = other };

        private static string ValueOf(HttpRequestMessage request, string name) =>
            request.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : string.Empty;
    }
}
