using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Decides whose request it is. The order is the contract's; docs/security-model.md says why.</summary>
internal static class IdentityResolver
{
    /// <returns>A user, or nobody (a principal without an authenticated identity), or null: not known.</returns>
    /// <exception cref="ClaimInjectionException">The request belongs to a pooled session of another user's.</exception>
    internal static ClaimsPrincipal? Resolve(HttpRequestMessage request, IIdentityAccessor accessor)
    {
        if (request is IdentityRequestMessage decided)
        {
            return decided.User;
        }

        RequestIdentity? said = RequestIdentity.Of(request);
        if (said?.Session is not { } session)
        {
            return said?.User ?? accessor.User;
        }

        ClaimsPrincipal? user = said.User ?? Resolve(session, said.IsSessionsOwn, accessor);
        session.Owner?.Check(user);
        return user;
    }

    internal static bool IsAnonymous(ClaimsPrincipal user)
    {
        IEnumerable<ClaimsIdentity> identities = user.Identities;
        return UserIdentities.IsList(identities, out ReadOnlySpan<ClaimsIdentity> list) && list is [var single]
            ? !single.IsAuthenticated
            : !identities.Any(static identity => identity.IsAuthenticated);
    }

    private static ClaimsPrincipal? Resolve(McpSession session, bool isSessionsOwn, IIdentityAccessor accessor)
    {
        ClaimsPrincipal? sessionUser = session.User;

        // A session without a user leaves it to the accessor; but a visitor's in the pool is nobody else's, whatever the accessor says by now.
        if (sessionUser is null && session.Owner is null)
        {
            return accessor.User;
        }

        // GET and DELETE are the session's by their nature, in whatever flow they run; the answer to a server's request is a POST like any
        // other, and known by the flow of the message loop.
        return isSessionsOwn || AmbientIdentity.Current?.Session == session ? sessionUser : accessor.User ?? sessionUser;
    }
}
