using System.Net;

namespace McpIdentityHeaders.Internal;

/// <summary>The framework's rules for redirects (RFC 9110, section 15.4), for the redirect handler to follow instead.</summary>
internal static class Redirection
{
    internal static bool IsRedirect(HttpResponseMessage response) => response.StatusCode
        is HttpStatusCode.MultipleChoices
        or HttpStatusCode.MovedPermanently
        or HttpStatusCode.Found
        or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect
        or HttpStatusCode.PermanentRedirect;

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

    /// <summary>Whether any request may be redirected there: over http, and not from https to plain http.</summary>
    internal static bool IsAllowedTarget(Uri from, Uri target) =>
        Origin.IsHttp(target) && (from.Scheme != Uri.UriSchemeHttps || target.Scheme == Uri.UriSchemeHttps);

    /// <summary>Creates the next hop's request, for the whole block to judge afresh; null where the content cannot be sent again.</summary>
    internal static HttpRequestMessage? CreateNextHop(HttpRequestMessage request, HttpStatusCode status, Uri target)
    {
        bool forceGet = RequestRequiresForceGet(request.Method, status);
        if (!forceGet && !RepeatableContent.IsRepeatable(request.Content))
        {
            return null;
        }

        var next = new HttpRequestMessage(request.Method, target);
        RequestCloning.Copy(request, next);

        if (forceGet)
        {
            next.Method = HttpMethod.Get;
            next.Content = null;
            next.Headers.TransferEncodingChunked = false;
        }

        // As in the framework, which keeps all other headers. Within one origin, the server has had it already.
        if (!Origin.IsSame(request.RequestUri!, target))
        {
            next.Headers.Authorization = null;

            // Another origin chose this target: send the hop anonymously.
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
