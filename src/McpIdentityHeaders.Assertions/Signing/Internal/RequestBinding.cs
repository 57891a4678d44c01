namespace McpIdentityHeaders.Internal;

/// <summary>What binds an assertion to one request, so that it proves nothing about another.</summary>
/// <param name="Method">The method (RFC 9449, section 4.2).</param>
/// <param name="Target">The URI.</param>
/// <param name="ContentDigest">The content's SHA-256 in the form of RFC 9530, section 2.</param>
/// <param name="SessionId">The MCP session's id; null where the request has none.</param>
internal sealed record RequestBinding(string Method, RequestTarget Target, string ContentDigest, string? SessionId)
{
    internal const string MethodClaim = "htm";
    internal const string UriClaim = "htu";
    internal const string QueryClaim = "query_digest";
    internal const string ContentClaim = "content_digest";
    internal const string SessionClaim = "mcp_session_id";

    internal void AddTo(Dictionary<string, object> payload)
    {
        payload[MethodClaim] = Method;
        payload[UriClaim] = Target.Uri;
        payload[ContentClaim] = ContentDigest;
        if (Target.QueryDigest is { } query)
        {
            payload[QueryClaim] = query;
        }

        if (SessionId is not null)
        {
            payload[SessionClaim] = SessionId;
        }
    }
}
