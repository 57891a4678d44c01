using System.Buffers;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks which names an identity header may have. A reserved name's aliases are reserved too.</summary>
internal static class ConfigurableHeaderName
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly (string Error, string[] Names)[] Reserved =
    [
        ("it routes or frames the message (RFC 9110, RFC 9112)",
            ["Host", "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "Expect"]),
        ("it carries credentials of its own", ["Authorization", "Proxy-Authorization", "Cookie"]),
        ("proxies write it, and servers read the client's address from it",
            ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix"]),
        ("it describes the content", ["Allow", "Expires", "Last-Modified"]),
        ("it belongs to the event stream", ["Last-Event-ID"]),
        ("it belongs to tracing", ["traceparent", "tracestate", "baggage"]),
    ];

    private static readonly (string Error, string Prefix)[] ReservedPrefixes =
    [
        ("it describes the content", "Content-"),
        ("it belongs to the MCP transport", "Mcp-"),
        ("it negotiates the response", "Accept"),
    ];

    internal static string? GetValidationError(string name)
    {
        if (name.AsSpan().ContainsAnyExcept(TokenCharacters))
        {
            return "it is not a token (RFC 9110, section 5.6.2)";
        }

        foreach ((string error, string[] names) in Reserved)
        {
            if (Array.Exists(names, reserved => HeaderAlias.Equals(reserved, name)))
            {
                return error;
            }
        }

        foreach ((string error, string prefix) in ReservedPrefixes)
        {
            if (HeaderAlias.StartsWith(name, prefix))
            {
                return error;
            }
        }

        return null;
    }
}
