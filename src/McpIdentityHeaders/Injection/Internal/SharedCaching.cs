using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Keeps a cache in front of the handlers from serving one user's response to another. Vary cannot: the identity headers are not in the
/// requests that such a cache sees.
/// </summary>
internal static class SharedCaching
{
    private const string CacheControl = "Cache-Control";
    private const string MustUnderstand = "must-understand";

    /// <summary>Marks a response as one user's (RFC 9111, 5.2.2.7). A browser's cache may still store it.</summary>
    internal static void Forbid(HttpResponseMessage response, HttpMethod method)
    {
        bool hasCacheControl = response.Headers.NonValidated.Contains(CacheControl);
        if (!hasCacheControl && !IsStorable(response, method))
        {
            return;
        }

        RemoveTargetedFields(response);
        CacheControlHeaderValue? directives = response.Headers.CacheControl;
        if (directives is null && hasCacheControl)
        {
            // It does not parse. Replacing it would lose another directive in it, such as no-store.
            response.Headers.Add(CacheControl, "private");
        }
        else if (directives is not { NoStore: true } || directives.Extensions.Any(IsMustUnderstand))
        {
            directives ??= new CacheControlHeaderValue();
            directives.Private = true;
            directives.PrivateHeaders.Clear();
            directives.Public = false;
            directives.SharedMaxAge = null;
            response.Headers.CacheControl = directives;
        }
    }

    /// <summary>Whether the response depends on the identity, by its Vary: to a cache in front, the requests are alike.</summary>
    internal static bool VariesByIdentity(HttpResponseMessage response, IdentityHeaderNames names) =>
        response.Headers.NonValidated.TryGetValues("Vary", out HeaderStringValues values) && names.AreListedIn(values);

    /// <summary>Removes the likes of CDN-Cache-Control (RFC 9213): the caches that they are for ignore Cache-Control.</summary>
    private static void RemoveTargetedFields(HttpResponseMessage response)
    {
        List<string>? targeted = null;
        foreach ((string name, _) in response.Headers.NonValidated)
        {
            if (name.EndsWith($"-{CacheControl}", StringComparison.OrdinalIgnoreCase)
                || name.Equals("Surrogate-Control", StringComparison.OrdinalIgnoreCase))
            {
                (targeted ??= []).Add(name);
            }
        }

        targeted?.ForEach(name => response.Headers.Remove(name));
    }

    /// <summary>
    /// Whether a cache may store a response without Cache-Control: a POST's with an expiry or a location (RFC 9110, section 9.3.3),
    /// another's by a heuristic, for which a cache needs no header at all (RFC 9111, sections 3 and 4.2.2).
    /// </summary>
    private static bool IsStorable(HttpResponseMessage response, HttpMethod method)
    {
        HttpHeadersNonValidated content = response.Content.Headers.NonValidated;

        return method != HttpMethod.Post || content.Contains("Expires") || content.Contains("Content-Location");
    }

    /// <summary>A cache that knows the response's status ignores no-store beside it (RFC 9111, section 5.2.2.3).</summary>
    private static bool IsMustUnderstand(NameValueHeaderValue directive) =>
        directive.Name.Equals(MustUnderstand, StringComparison.OrdinalIgnoreCase);
}
