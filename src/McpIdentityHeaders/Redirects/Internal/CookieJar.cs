using System.Net;
using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>The cookies of one MCP session, for its endpoint's origin alone. The shared primary handler keeps none.</summary>
internal sealed class CookieJar(Uri endpoint)
{
    private const string CookieHeader = "Cookie";

    private static readonly HttpRequestOptionsKey<CookieJar> JarKey = new("McpIdentityHeaders.CookieJar");
    private static readonly HttpRequestOptionsKey<string> SentKey = new("McpIdentityHeaders.SentCookies");

    // Made at need: most backends set none.
    private CookieContainer? _cookies;

    /// <summary>Gives the message to send: a clone with the cookies beside the caller's; the request itself where there are none.</summary>
    internal HttpRequestMessage Apply(HttpRequestMessage request)
    {
        request.Options.Set(JarKey, this);
        if (GetCookies(request) is not { } cookies)
        {
            return request;
        }

        var clone = new HttpRequestMessage(request.Method, request.RequestUri);
        RequestCloning.Copy(request, clone);
        Add(cookies, clone);
        return clone;
    }

    internal void Store(HttpRequestMessage request, HttpResponseMessage response)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } uri
            || !Origin.IsSame(endpoint, uri)
            || !response.Headers.NonValidated.TryGetValues("Set-Cookie", out HeaderStringValues values))
        {
            return;
        }

        CookieContainer cookies = _cookies ?? Interlocked.CompareExchange(ref _cookies, new CookieContainer(), comparand: null) ?? _cookies;
        foreach (string value in values)
        {
            try
            {
                cookies.SetCookies(uri, value);
            }
            catch (CookieException)
            {
                // As SocketsHttpHandler does: a malformed cookie is left out.
            }
        }
    }

    /// <summary>Has a redirect's hop send what the jar holds by now, and no cookie of a session's to another origin.</summary>
    internal static void OnRedirect(HttpRequestMessage request, HttpResponseMessage response, HttpRequestMessage next)
    {
        if (!request.Options.TryGetValue(JarKey, out CookieJar? jar))
        {
            return;
        }

        jar.Store(request, response);
        string[] callers = [.. GetValues(next).Where(value => !next.Options.TryGetValue(SentKey, out string? sent) || value != sent)];
        next.Headers.Remove(CookieHeader);
        if (!Origin.IsSame(request.RequestUri!, next.RequestUri!))
        {
            return;
        }

        next.Headers.Add(CookieHeader, callers);
        if (jar.GetCookies(next) is { } cookies)
        {
            Add(cookies, next);
        }
    }

    private static HeaderStringValues GetValues(HttpRequestMessage request) =>
        request.Headers.NonValidated.TryGetValues(CookieHeader, out HeaderStringValues values) ? values : default;

    private static void Add(string cookies, HttpRequestMessage request)
    {
        request.Headers.Add(CookieHeader, cookies);
        request.Options.Set(SentKey, cookies);
    }

    private string? GetCookies(HttpRequestMessage request) =>
        _cookies is { } cookies
        && request.RequestUri is { IsAbsoluteUri: true } uri
        && Origin.IsSame(endpoint, uri)
        && cookies.GetCookieHeader(uri) is { Length: > 0 } header
            ? header
            : null;
}
