namespace McpIdentityHeaders.Internal;

/// <summary>What binds an assertion to one request, so that it proves nothing about another.</summary>
/// <param name="Method">The method (RFC 9449, section 4.2).</param>
/// <param name="Uri">The URI without query and fragment (RFC 9449, section 4.2).</param>
/// <param name="ContentDigest">The content's SHA-256 in the form of RFC 9530, section 2.</param>
/// <param name="SessionId">The MCP session's id; null where the request has none.</param>
internal sealed record RequestBinding(string Method, string Uri, string ContentDigest, string? SessionId)
{
    internal void AddTo(Dictionary<string, object> payload)
    {
        payload["htm"] = Method;
        payload["htu"] = Uri;
        payload["content_digest"] = ContentDigest;
        if (SessionId is not null)
        {
            payload["mcp_session_id"] = SessionId;
        }
    }
}
