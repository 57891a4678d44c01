using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// What is said about one request's identity, kept in its options. Immutable: resilience handlers copy options by reference to other
/// attempts. One entry for all of it, since each look-up costs.
/// </summary>
internal sealed class RequestIdentity
{
    private static readonly HttpRequestOptionsKey<RequestIdentity> Key = new("McpIdentityHeaders.RequestIdentity");

    // Set before the first entry is, and never taken back. A request's options are made when they are first looked at, for nothing where no
    // request has ever had an entry.
    private static volatile bool _anySaid;

    private RequestIdentity(ClaimsPrincipal? user, McpSession? session, bool isSessionsOwn)
    {
        User = user;
        Session = session;
        IsSessionsOwn = isSessionsOwn;
    }

    /// <summary>Gets the user that the caller named; null where it named none.</summary>
    internal ClaimsPrincipal? User { get; }

    /// <summary>Gets the MCP session that the request belongs to.</summary>
    internal McpSession? Session { get; }

    /// <summary>
    /// Gets whether the request is the session's own by its method, as the session sent it: a redirect may make a GET of anyone's call.
    /// </summary>
    internal bool IsSessionsOwn { get; }

    internal static RequestIdentity? Of(HttpRequestMessage request) =>
        _anySaid && request.Options.TryGetValue(Key, out RequestIdentity? identity) ? identity : null;

    /// <summary>Names the user, which decides who it is; whether that user may use the session is another question.</summary>
    internal static void SetUser(HttpRequestMessage request, ClaimsPrincipal user)
    {
        RequestIdentity? said = Of(request);
        Say(request, new RequestIdentity(user, said?.Session, said?.IsSessionsOwn ?? false));
    }

    /// <summary>Makes the request nobody's and no session's: another origin chose where it goes.</summary>
    internal static void SuppressIdentity(HttpRequestMessage request) =>
        Say(request, new RequestIdentity(new ClaimsPrincipal(), session: null, isSessionsOwn: false));

    internal static void SetSession(HttpRequestMessage request, McpSession session)
    {
        bool isSessionsOwn = request.Method == HttpMethod.Get || request.Method == HttpMethod.Delete;
        Say(request, new RequestIdentity(Of(request)?.User, session, isSessionsOwn));
    }

    internal static void Say(HttpRequestMessage request, RequestIdentity identity)
    {
        _anySaid = true;
        request.Options.Set(Key, identity);
    }
}
