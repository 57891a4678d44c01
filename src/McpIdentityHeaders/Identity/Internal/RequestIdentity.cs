using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The user and the MCP session of one request, kept in its options. Immutable, since resilience handlers copy options by reference to
/// other attempts; one entry for both, since each look-up costs.
/// </summary>
internal sealed record RequestIdentity
{
    private static readonly HttpRequestOptionsKey<RequestIdentity> Key = new("McpIdentityHeaders.RequestIdentity");

    /// <summary>Gets the user that the caller set; null where it set none.</summary>
    internal ClaimsPrincipal? User { get; private init; }

    internal SessionIdentity? Session { get; private init; }

    /// <summary>Gets whether the session sent the request as its own: the method does not tell, since a redirect may make it GET.</summary>
    internal bool IsSessionsOwn { get; private init; }

    /// <summary>
    /// Gets whether no redirect may take the request to another origin, with an identity or without: it was sent to the session's backend,
    /// and has the session's id and API keys.
    /// </summary>
    internal bool StaysInOrigin { get; private init; }

    internal static RequestIdentity? Get(HttpRequestMessage request) =>
        request.Options.TryGetValue(Key, out RequestIdentity? identity) ? identity : null;

    /// <summary>Sets the user. Whether that user may use the request's session is checked when it is sent.</summary>
    internal static void SetUser(HttpRequestMessage request, ClaimsPrincipal user) =>
        Set(request, (Get(request) ?? new RequestIdentity()) with { User = user });

    /// <summary>Makes the request anonymous and takes it off its session: another origin chose its target.</summary>
    internal static void SuppressIdentity(HttpRequestMessage request) =>
        Set(request, new RequestIdentity { User = new ClaimsPrincipal() });

    internal static void SetSession(HttpRequestMessage request, SessionIdentity session, bool staysInOrigin) => Set(
        request,
        new RequestIdentity
        {
            User = Get(request)?.User,
            Session = session,
            IsSessionsOwn = request.Method == HttpMethod.Get || request.Method == HttpMethod.Delete,
            StaysInOrigin = staysInOrigin,
        });

    private static void Set(HttpRequestMessage request, RequestIdentity identity) => request.Options.Set(Key, identity);
}
