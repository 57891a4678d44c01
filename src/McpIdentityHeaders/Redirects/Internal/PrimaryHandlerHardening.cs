using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Makes the handler that owns the sockets safe for many users: it follows no redirects, which would take identity headers to another host
/// below this library's handlers, and keeps no cookies, which would send one user's session with another's request.
/// </summary>
internal static class PrimaryHandlerHardening
{
    private const string NoRedirects = "AllowAutoRedirect = false";
    private const string NoCookies = "UseCookies = false";

    /// <summary>Hardens the handler of a client that carries identities.</summary>
    /// <exception cref="InvalidOperationException">The handler cannot be changed.</exception>
    internal static HardenedPrimary Harden(HttpMessageHandler? handler, string clientName, HeaderValueEncoding encoding)
    {
        HttpMessageHandler? primary = FindPrimary(handler);
        PrimarySetting[] settings = GetSettings(primary);
        bool isKnown = settings.Length > 0;
        bool areCookiesOverruled = isKnown && PrimaryHandlerUse.Of(primary!).Register(clientName, settings).Contains(NoCookies);
        if (encoding == HeaderValueEncoding.Utf8)
        {
            SendRawUtf8(primary, clientName);
        }

        return new HardenedPrimary(primary, GetMaxRedirections(primary), isKnown, areCookiesOverruled, TryTagUsers(primary));
    }

    /// <summary>Has the handler of an MCP client without identities follow no redirects itself.</summary>
    /// <returns>How many redirects in a row the user allows.</returns>
    /// <exception cref="InvalidOperationException">The handler cannot be changed.</exception>
    internal static int HardenRedirects(HttpMessageHandler? handler, string clientName)
    {
        HttpMessageHandler? primary = FindPrimary(handler);
        if (GetSettings(primary) is [{ } redirects, ..])
        {
            PrimaryHandlerUse.Of(primary!).Register(clientName, [redirects]);
        }

        return GetMaxRedirections(primary);
    }

    /// <summary>Registers a client that is none of this library's, and takes the handler as it is.</summary>
    /// <exception cref="InvalidOperationException">The handler was changed for another client.</exception>
    internal static void RegisterUnchanged(HttpMessageHandler? handler, string clientName)
    {
        HttpMessageHandler? primary = FindPrimary(handler);
        if (primary is SocketsHttpHandler or HttpClientHandler)
        {
            PrimaryHandlerUse.Of(primary).Register(clientName, []);
        }
    }

    /// <summary>Limits the lifetime of connections, to see changes in DNS: the client outlives the factory's own rotation.</summary>
    /// <returns>False where the handler cannot, or cannot any more: nothing is unsafe about that.</returns>
    internal static bool TryLimitConnectionLifetime(HttpMessageHandler? handler, TimeSpan lifetime)
    {
        switch (FindPrimary(handler))
        {
            case SocketsHttpHandler sockets when sockets.PooledConnectionLifetime == Timeout.InfiniteTimeSpan:
                try
                {
                    sockets.PooledConnectionLifetime = lifetime;
                    return true;
                }
                catch (InvalidOperationException)
                {
                    return false;
                }

            case HttpClientHandler:
                return false;

            default:
                return true;
        }
    }

    private static HttpMessageHandler? FindPrimary(HttpMessageHandler? handler)
    {
        while (handler is DelegatingHandler { InnerHandler: { } inner })
        {
            handler = inner;
        }

        return handler;
    }

    /// <summary>Gives what identities need of a handler: redirects first, and none of a handler that is unknown.</summary>
    private static PrimarySetting[] GetSettings(HttpMessageHandler? primary) => primary switch
    {
        SocketsHttpHandler sockets =>
        [
            new(NoRedirects, () => sockets.AllowAutoRedirect, () => sockets.AllowAutoRedirect = false),
            new(NoCookies, () => sockets.UseCookies, () => sockets.UseCookies = false),
        ],
        HttpClientHandler handler =>
        [
            new(NoRedirects, () => handler.AllowAutoRedirect, () => handler.AllowAutoRedirect = false),
            new(NoCookies, () => handler.UseCookies, () => handler.UseCookies = false),
        ],
        _ => [],
    };

    private static int GetMaxRedirections(HttpMessageHandler? primary)
    {
        (bool allows, int max) = primary switch
        {
            SocketsHttpHandler sockets => (sockets.AllowAutoRedirect, sockets.MaxAutomaticRedirections),
            HttpClientHandler handler => (handler.AllowAutoRedirect, handler.MaxAutomaticRedirections),
            _ => (true, int.MaxValue),
        };

        return allows || PrimaryHandlerUse.Of(primary!).IsChanged(NoRedirects) ? max : 0;
    }

    /// <summary>Has requests' activities tagged, as the plan that serves each request says. A reload may turn it on at any time.</summary>
    /// <returns>False where the handler cannot, or cannot any more: nothing is unsafe about that.</returns>
    private static bool TryTagUsers(HttpMessageHandler? primary)
    {
        if (primary is not SocketsHttpHandler { ActivityHeadersPropagator: { } propagator } sockets)
        {
            return false;
        }

        try
        {
            if (propagator is not UserTaggingPropagator)
            {
                sockets.ActivityHeadersPropagator = new UserTaggingPropagator(propagator);
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static void SendRawUtf8(HttpMessageHandler? primary, string clientName)
    {
        if (primary is not SocketsHttpHandler sockets)
        {
            throw new InvalidOperationException(
                $"HttpClient '{clientName}': the Utf8 encoding needs a SocketsHttpHandler as the primary handler, and it is "
                + $"{primary?.GetType().Name ?? "missing"}. Use ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler()), or "
                + "another ClaimInjectionOptions.Encoding.");
        }

        var selector = new PrimarySetting(
            "RequestHeaderEncodingSelector to one that chooses UTF-8 for the identity headers",
            () => sockets.RequestHeaderEncodingSelector?.Target is not Utf8Selector,
            () => sockets.RequestHeaderEncodingSelector = new Utf8Selector(sockets.RequestHeaderEncodingSelector).Select);
        if (selector.Differs())
        {
            PrimaryHandlerUse.Write(selector, clientName);
        }
    }

    /// <summary>Asks the request, which knows the names of the plan that served it. Any number of clients share it.</summary>
    private sealed class Utf8Selector(HeaderEncodingSelector<HttpRequestMessage>? others)
    {
        internal Encoding? Select(string headerName, HttpRequestMessage request) =>
            request is IdentityRequestMessage { RawUtf8Names: { } names } && names.Contains(headerName)
                ? Encoding.UTF8
                : others?.Invoke(headerName, request);
    }
}
