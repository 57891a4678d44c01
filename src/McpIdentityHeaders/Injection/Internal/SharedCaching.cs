using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Keeps a cache in front of the handlers from serving one user's response to another. Vary cannot: the identity headers are not in the
/// requests that such a cache sees.
/// </summary>
internal static class SharedCaching
{
    private const string CacheControl = "Cache-Control";

    /// <summary>Marks the response to an identity as one user's (RFC 9111, 5.2.2.7). A browser's cache may still store it.</summary>
    internal static void Forbid(HttpResponseMessage response, HttpMethod method)
    {
        bool hasCacheControl = response.Headers.NonValidated.Contains(CacheControl);
        if (!hasCacheControl && !IsStorable(response, method))
        {
            return;
        }

        CacheControlHeaderValue? directives = response.Headers.CacheControl;
        if (directives is null && hasCacheControl)
        {
            // It does not parse. Replacing it would lose another directive in it, such as no-store.
            response.Headers.Add(CacheControl, "private");
        }
        else if (directives is not { NoStore: true })
        {
            directives ??= new CacheControlHeaderValue();
            directives.Private = true;
            directives.PrivateHeaders.Clear();
            directives.Public = false;
            directives.SharedMaxAge = null;
            response.Headers.CacheControl = directives;
        }
    }

    /// <summary>Whether a cache may store a response without Cache-Control: a POST's with an expiry, another's by a heuristic.</summary>
    private static bool IsStorable(HttpResponseMessage response, HttpMethod method)
    {
        HttpHeadersNonValidated content = response.Content.Headers.NonValidated;

        // Heuristics go by dates, and an origin server sends its own (RFC 9110, 6.6.1).
        return content.Contains("Expires")
            || (method != HttpMethod.Post && (response.Headers.NonValidated.Contains("Date") || content.Contains("Last-Modified")));
    }
}
