using System.Net;

namespace McpIdentityHeaders.Internal;

/// <summary>The framework's rules for redirects (RFC 9110, section 15.4), which a primary handler that follows none leaves to us.</summary>
internal static class Redirection
{
    internal static bool IsRedirect(HttpResponseMessage response) => response.StatusCode
        is HttpStatusCode.MultipleChoices
        or HttpStatusCode.MovedPermanently
        or HttpStatusCode.Found
        or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect
        or HttpStatusCode.PermanentRedirect;

    /// <summary>Gives where a redirect leads, or null where it names no place.</summary>
    internal static Uri? GetUriForRedirect(HttpResponseMessage response, Uri from)
    {
        if (response.Headers.Location is not { } location)
        {
            return null;
        }

        if (!location.IsAbsoluteUri && !Uri.TryCreate(from, location, out location!))
        {
            return null;
        }

        // RFC 9110, section 10.2.2: a target without a fragment inherits the request's.
        return from.Fragment.Length > 0 && location.Fragment.Length == 0
            ? new UriBuilder(location) { Fragment = from.Fragment }.Uri
            : location;
    }

    /// <summary>Whether anyone may be led there from here: over http, and not from https to plain http.</summary>
    internal static bool IsAllowedTarget(Uri from, Uri target) =>
        Origin.IsHttp(target) && (from.Scheme != Uri.UriSchemeHttps || target.Scheme == Uri.UriSchemeHttps);

    /// <summary>Makes the request for the next hop: clean, for the whole block to judge afresh. Null where its content cannot go again.</summary>
    internal static HttpRequestMessage? NextHop(HttpRequestMessage request, HttpStatusCode status, Uri target)
    {
        bool becomesGet = RequestRequiresForceGet(request.Method, status);
        if (!becomesGet && !RepeatableContent.IsRepeatable(request.Content))
        {
            return null;
        }

        var next = new HttpRequestMessage(request.Method, target);
        RequestCloning.CopyAllButHeaders(request, next, saysWhose: true);
        RequestCloning.CopyHeaders(request, next);

        if (becomesGet)
        {
            next.Method = HttpMethod.Get;
            next.Content = null;
            next.Headers.TransferEncodingChunked = false;
        }

        // As the framework does, which keeps all other headers. Within one origin, whoever gets it has had it already.
        if (!Origin.IsSame(request.RequestUri!, target))
        {
            next.Headers.Authorization = null;

            // Another origin chose where this goes and what it asks: nobody's identity is put on it any more, whatever is trusted by then.
            RequestIdentity.SuppressIdentity(next);
        }

        return next;
    }

    private static bool RequestRequiresForceGet(HttpMethod method, HttpStatusCode status) => status switch
    {
        HttpStatusCode.MultipleChoices or HttpStatusCode.MovedPermanently or HttpStatusCode.Found => method == HttpMethod.Post,
        HttpStatusCode.SeeOther => method != HttpMethod.Get && method != HttpMethod.Head,
        _ => false,
    };
}
