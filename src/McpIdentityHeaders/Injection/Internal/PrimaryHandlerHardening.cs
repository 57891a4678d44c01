using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Makes the handler that owns the sockets safe for many users: it follows no redirects, which would take identity headers to another host
/// below this library's handlers, and keeps no cookies, which would send one user's session with another's request.
/// </summary>
internal static class PrimaryHandlerHardening
{
    internal static void Harden(HttpMessageHandler? handler, ClaimInjectionPlan plan, ClaimInjectionTelemetry telemetry)
    {
        HttpMessageHandler? primary = Innermost(handler);

        switch (primary)
        {
            case SocketsHttpHandler sockets:
                Write(() => sockets.AllowAutoRedirect, () => sockets.AllowAutoRedirect = false, telemetry.Name, "AllowAutoRedirect = false");
                Write(() => sockets.UseCookies, () => sockets.UseCookies = false, telemetry.Name, "UseCookies = false");
                break;

            case HttpClientHandler clientHandler:
                Write(
                    () => clientHandler.AllowAutoRedirect, () => clientHandler.AllowAutoRedirect = false, telemetry.Name, "AllowAutoRedirect = false");
                Write(() => clientHandler.UseCookies, () => clientHandler.UseCookies = false, telemetry.Name, "UseCookies = false");
                break;

            default:
                telemetry.UnknownPrimaryHandler(primary);
                break;
        }

        if (plan.Encoding == HeaderValueEncoding.Utf8)
        {
            SendRawUtf8(primary, telemetry.Name);
        }
    }

    /// <summary>Has connections replaced in time to see changes in DNS, for clients that outlive the factory's own rotation of handlers.</summary>
    /// <returns>False where the handler cannot, or cannot any more: nothing is unsafe about that.</returns>
    internal static bool TryLimitConnectionLifetime(HttpMessageHandler? handler, TimeSpan lifetime)
    {
        switch (Innermost(handler))
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

    private static HttpMessageHandler? Innermost(HttpMessageHandler? handler)
    {
        while (handler is DelegatingHandler { InnerHandler: { } inner })
        {
            handler = inner;
        }

        return handler;
    }

    private static void SendRawUtf8(HttpMessageHandler? primary, string clientName)
    {
        if (primary is not SocketsHttpHandler sockets)
        {
            throw new InvalidOperationException(
                $"HttpClient '{clientName}': the Utf8 encoding needs a SocketsHttpHandler as the primary handler, and it is "
                + $"{primary?.GetType().Name ?? "missing"}. Use ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler()), or another "
                + "ClaimInjectionOptions.Encoding.");
        }

        Write(
            () => sockets.RequestHeaderEncodingSelector?.Target is not Utf8Selector,
            () => sockets.RequestHeaderEncodingSelector = new Utf8Selector(sockets.RequestHeaderEncodingSelector).Select,
            clientName,
            "RequestHeaderEncodingSelector to one that chooses UTF-8 for the identity headers");
    }

    /// <summary>Writes only where the value differs: a handler that has started takes none, and one shared by many clients has it already.</summary>
    private static void Write(Func<bool> differs, Action write, string clientName, string setting)
    {
        if (!differs())
        {
            return;
        }

        try
        {
            write();
        }
        catch (InvalidOperationException started) when (started is not ObjectDisposedException && differs())
        {
            throw new InvalidOperationException(
                $"HttpClient '{clientName}': the primary handler has already sent requests and cannot be changed any more. Set {setting} where "
                + "it is made.",
                started);
        }
    }

    /// <summary>Asks the request, which knows the names that it was given under the plan that served it. Any number of clients share it.</summary>
    private sealed class Utf8Selector(HeaderEncodingSelector<HttpRequestMessage>? others)
    {
        internal Encoding? Select(string headerName, HttpRequestMessage request) =>
            request is IdentityRequestMessage { RawUtf8Names: { } names } && names.Contains(headerName)
                ? Encoding.UTF8
                : others?.Invoke(headerName, request);
    }
}
