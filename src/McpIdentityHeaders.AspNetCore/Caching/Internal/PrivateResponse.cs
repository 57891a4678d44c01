using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// The response to an accepted identity, which no shared cache may store: not response caching, in front of authentication or behind it,
/// nor a cache in front of the server. Caches know Authorization to be one user's, and know nothing of identity headers.
/// </summary>
internal sealed class PrivateResponse : IHttpResponseFeature
{
    private readonly IHttpResponseFeature _inner;

    private PrivateResponse(IHttpResponseFeature inner)
    {
        _inner = inner;
        Headers = new PrivateHeaders(inner.Headers);
    }

    public int StatusCode
    {
        get => _inner.StatusCode;
        set => _inner.StatusCode = value;
    }

    public string? ReasonPhrase
    {
        get => _inner.ReasonPhrase;
        set => _inner.ReasonPhrase = value;
    }

    public IHeaderDictionary Headers { get; set; }

    public bool HasStarted => _inner.HasStarted;

#pragma warning disable CS0618 // The interface still has it.
    public Stream Body
    {
        get => _inner.Body;
        set => _inner.Body = value;
    }
#pragma warning restore CS0618

    public void OnStarting(Func<object, Task> callback, object state) => _inner.OnStarting(callback, state);

    public void OnCompleted(Func<object, Task> callback, object state) => _inner.OnCompleted(callback, state);

    /// <summary>Makes the request's response one user's, from now on.</summary>
    internal static void Ensure(HttpContext context)
    {
        var inner = context.Features.GetRequiredFeature<IHttpResponseFeature>();
        if (inner.HasStarted || inner is PrivateResponse)
        {
            return;
        }

        // At once: response caching reads the header at the first write, before any OnStarting callback.
        context.Features.Set<IHttpResponseFeature>(new PrivateResponse(inner));
        if (context.Response.Headers.CacheControl is { Count: > 0 } earlier)
        {
            context.Response.Headers.CacheControl = earlier;
        }

        if (context.Features.Get<IOutputCacheFeature>() is { } outputCache)
        {
            outputCache.Context.AllowCacheStorage = false;
        }

        context.Response.OnStarting(MakePrivate, context.Response);
    }

    /// <summary>Gets the directives with those of shared caches taken out, and <c>private</c> (RFC 9111, section 5.2.2.7).</summary>
    internal static StringValues MakePrivate(StringValues cacheControl)
    {
        string joined = string.Join(", ", (string?[]?)cacheControl ?? []);
        if (joined.Length > 0 && !CacheControlHeaderValue.TryParse(joined, out _))
        {
            // Replacing it would lose another directive in it, such as no-store.
            return joined.EndsWith(", private", StringComparison.Ordinal) ? joined : $"{joined}, private";
        }

        CacheControlHeaderValue directives = joined.Length > 0 ? CacheControlHeaderValue.Parse(joined) : new CacheControlHeaderValue();

        // A cache that knows the response's status ignores no-store beside must-understand (RFC 9111, section 5.2.2.3).
        bool isForStatus = directives.Extensions.Any(
            extension => extension.Name.Equals("must-understand", StringComparison.OrdinalIgnoreCase));
        if (directives.NoStore && !isForStatus)
        {
            return cacheControl;
        }

        directives.Private = true;
        directives.PrivateHeaders.Clear();
        directives.Public = false;
        directives.SharedMaxAge = null;
        return directives.ToString();
    }

    private static Task MakePrivate(object response)
    {
        IHeaderDictionary headers = ((HttpResponse)response).Headers;
        headers.CacheControl = MakePrivate(headers.CacheControl);

        // Caches that such directives are for ignore Cache-Control (RFC 9213, section 2.2).
        foreach (string name in headers.Keys.Where(IsForSomeCaches).ToArray())
        {
            headers.Remove(name);
        }

        return Task.CompletedTask;
    }

    private static bool IsForSomeCaches(string name) =>
        name.EndsWith($"-{HeaderNames.CacheControl}", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Surrogate-Control", StringComparison.OrdinalIgnoreCase);
}
