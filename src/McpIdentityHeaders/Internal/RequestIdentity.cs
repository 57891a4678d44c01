using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// What is said about one request's identity, kept in its options. Immutable: resilience handlers copy options by reference to other
/// attempts. One entry for both facts, since each look-up costs.
/// </summary>
internal sealed class RequestIdentity
{
    private static readonly HttpRequestOptionsKey<RequestIdentity> Key = new("McpIdentityHeaders.RequestIdentity");

    private RequestIdentity(ClaimsPrincipal? user, McpSession? session, bool isCall = false)
    {
        User = user;
        Session = session;
        IsCall = isCall;
    }

    /// <summary>Gets the user that the caller named; null where it named none.</summary>
    internal ClaimsPrincipal? User { get; }

    /// <summary>Gets the MCP session that the request belongs to.</summary>
    internal McpSession? Session { get; }

    /// <summary>Gets whether the request was a call before a redirect made a GET of it: its method then says nothing of whose it is.</summary>
    internal bool IsCall { get; }

    internal static RequestIdentity? Of(HttpRequestMessage request) =>
        request.Options.TryGetValue(Key, out RequestIdentity? identity) ? identity : null;

    internal static void SetUser(HttpRequestMessage request, ClaimsPrincipal user) =>
        request.Options.Set(Key, new RequestIdentity(user, Of(request)?.Session, Of(request)?.IsCall ?? false));

    internal static void SetSession(HttpRequestMessage request, McpSession session) =>
        request.Options.Set(Key, new RequestIdentity(Of(request)?.User, session));

    internal static void SetCall(HttpRequestMessage request)
    {
        if (Of(request) is { } identity)
        {
            request.Options.Set(Key, new RequestIdentity(identity.User, identity.Session, isCall: true));
        }
    }
}
