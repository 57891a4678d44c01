namespace McpIdentityHeaders.Internal;

/// <summary>Scheme, host and port (RFC 6454, section 4). The host is compared in its ASCII form.</summary>
internal readonly record struct Origin
{
    private readonly string _scheme;
    private readonly string _host;
    private readonly int _port;

    /// <param name="uri">An absolute URI. <see cref="Uri"/> gives scheme and host in lower case.</param>
    internal Origin(Uri uri)
    {
        _scheme = uri.Scheme;
        _host = uri.IdnHost;
        _port = uri.Port;
    }

    internal bool IsOf(Uri uri) =>
        uri.Port == _port
        && string.Equals(uri.Scheme, _scheme, StringComparison.Ordinal)
        && string.Equals(uri.IdnHost, _host, StringComparison.Ordinal);

    internal static bool IsHttp(Uri uri) => uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps;

    /// <summary>Whether requests go out with its scheme: http, https, and those of WebSocket handshakes.</summary>
    internal static bool IsHttpOrWebSocket(Uri uri) => IsHttp(uri) || uri.Scheme == Uri.UriSchemeWs || uri.Scheme == Uri.UriSchemeWss;

    /// <summary>Whether requests to it are not encrypted.</summary>
    internal static bool IsPlain(Uri uri) => uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeWs;

    /// <summary>Whether anyone on the way can read requests to it: not encrypted, and not loopback.</summary>
    internal static bool IsPlainAndRemote(Uri uri) => IsPlain(uri) && !IsLoopback(uri);

    internal static bool IsSame(Uri left, Uri right) => new Origin(left).IsOf(right);

    /// <summary>Uri.IsLoopback also accepts the host "loopback", which DNS may resolve to any machine.</summary>
    private static bool IsLoopback(Uri uri) => uri.IsLoopback && uri.IdnHost != "loopback";

    /// <summary>Formats it for logs and errors, without user information, path or query, which may hold secrets.</summary>
    public override string ToString() =>
        _host.Contains(':', StringComparison.Ordinal) ? $"{_scheme}://[{_host}]:{_port}" : $"{_scheme}://{_host}:{_port}";
}
