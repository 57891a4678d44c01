using System.Net;

namespace McpIdentityHeaders.Internal;

/// <summary>The forward proxy of a primary handler. Plain http goes through it in clear text, to loopback too.</summary>
internal sealed class ForwardProxy(HttpMessageHandler? primary)
{
    /// <summary>Gets the proxy of a primary handler that is unknown: none.</summary>
    internal static ForwardProxy None { get; } = new(primary: null);

    /// <summary>Finds the proxy's host, without credentials; null where the request takes none, or takes an encrypted tunnel.</summary>
    internal string? FindHostFor(Uri uri)
    {
        if (!Origin.IsPlain(uri) || GetProxy() is not { } proxy)
        {
            return null;
        }

        try
        {
            return proxy.IsBypassed(uri) || proxy.GetProxy(uri) is not { } address || address == uri ? null : address.IdnHost;
        }
        catch (Exception)
        {
            // As SocketsHttpHandler: a proxy that fails to tell is none.
            return null;
        }
    }

    private IWebProxy? GetProxy() => primary switch
    {
        SocketsHttpHandler { UseProxy: true } sockets => sockets.Proxy ?? HttpClient.DefaultProxy,
        HttpClientHandler { UseProxy: true } handler => handler.Proxy ?? HttpClient.DefaultProxy,
        _ => null,
    };
}
