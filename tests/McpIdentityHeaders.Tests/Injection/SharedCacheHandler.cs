using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Which responses a <see cref="SharedCacheHandler"/> stores.</summary>
internal enum CacheKind
{
    /// <summary>All that RFC 9111 lets a cache of all users store, and all that its extensions do.</summary>
    Shared,

    /// <summary>As <see cref="Shared"/>, whatever the status, and a POST's response without a Content-Location.</summary>
    Lenient,

    /// <summary>All that it lets one user's cache store, such as a browser's.</summary>
    Private,
}

/// <summary>A cache that stores whatever it may, for as long as it lives. It judges Vary by the requests that it sees.</summary>
internal sealed class SharedCacheHandler(CacheKind kind = CacheKind.Shared) : DelegatingHandler
{
    // RFC 9110, section 15.1.
    private static readonly HashSet<int> CacheableByHeuristic = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];

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

        // A POST's response answers later GETs of its location.
        Uri? uri = request.Method == HttpMethod.Get || kind == CacheKind.Lenient
            ? request.RequestUri
            : response.Content.Headers.ContentLocation;
        if (uri is not null && MayStore(request, response))
        {
            _entries.GetOrAdd(uri, _ => []).Enqueue(new Entry(response, body, request));
        }

        return response;
    }

    private bool MayStore(HttpRequestMessage request, HttpResponseMessage response)
    {
        if (kind != CacheKind.Private && response.Headers.NonValidated.TryGetValues("CDN-Cache-Control", out HeaderStringValues targeted))
        {
            // RFC 9213, section 2.2: it stands in for Cache-Control and Expires.
            return !targeted.ToString().Contains("private", StringComparison.Ordinal);
        }

        CacheControlHeaderValue directives = response.Headers.CacheControl ?? new CacheControlHeaderValue();
        string[] raw = [.. response.Headers.NonValidated.TryGetValues("Cache-Control", out HeaderStringValues lines) ? lines : []];
        bool understands = directives.Extensions.Any(extension => extension.Name == "must-understand");
        bool refuses = !understands
            && (directives.NoStore || Array.Exists(raw, line => line.Contains("no-store", StringComparison.Ordinal)));
        bool isOneUsers = directives.Private || Array.Exists(raw, line => line.Trim() == "private");
        bool isFresh = directives.MaxAge > TimeSpan.Zero || (kind != CacheKind.Private && directives.SharedMaxAge > TimeSpan.Zero)
            || response.Content.Headers.Expires > DateTimeOffset.UtcNow;

        // RFC 9111, section 4.2.2, names no header that a heuristic needs.
        bool mayGuess = request.Method != HttpMethod.Post
            && (directives.Public || kind == CacheKind.Lenient || CacheableByHeuristic.Contains((int)response.StatusCode));

        return !refuses && (kind == CacheKind.Private || !isOneUsers) && (isFresh || mayGuess);
    }

    private sealed class Entry(HttpResponseMessage response, byte[] body, HttpRequestMessage request)
    {
        private readonly (string Name, string Value)[] _varied = [.. response.Headers.Vary.Select(name => (name, ValueOf(request, name)))];
        private readonly HttpStatusCode _status = response.StatusCode;

        public bool Matches(HttpRequestMessage other) =>
            Array.TrueForAll(_varied, varied => varied.Name != "*" && ValueOf(other, varied.Name) == varied.Value);

        public HttpResponseMessage ToResponse(HttpRequestMessage other) =>
            new(_status) { Content = new ByteArrayContent(body), RequestMessage = other };

        private static string ValueOf(HttpRequestMessage request, string name) =>
            request.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : string.Empty;
    }
}
