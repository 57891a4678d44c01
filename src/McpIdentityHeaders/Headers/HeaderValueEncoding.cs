namespace McpIdentityHeaders;

/// <summary>How a single value that is not plain ASCII travels in a header.</summary>
public enum HeaderValueEncoding
{
    /// <summary>
    /// <c>=?base64?…?=</c> over UTF-8 where the value is not printable ASCII, has an outer space or looks like the wrapper itself: the
    /// MCP specification's own encoding of header values (SEP-2243). Loses nothing.
    /// </summary>
    Mcp,

    /// <summary>
    /// UTF-8 percent-encoding (RFC 3986, section 2.1) of everything outside printable ASCII, of <c>%</c>, of outer spaces and of a leading
    /// <c>=</c>. Loses nothing.
    /// </summary>
    Percent,

    /// <summary>
    /// Raw UTF-8 bytes, for backends that expect them. Control characters, outer spaces and what looks like the wrapper are refused. Needs
    /// a <see cref="SocketsHttpHandler"/> as the primary handler, and is refused at start-up on another.
    /// </summary>
    Utf8,
}
