using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Decides which user a request runs for. The order is the contract's; docs/security-model.md explains it.</summary>
internal static class IdentityResolver
{
    /// <returns>A user, an anonymous principal (none of its identities is authenticated), or null for an unknown user.</returns>
    /// <exception cref="ClaimInjectionException">The request belongs to a pooled session of another user.</exception>
    internal static ClaimsPrincipal? Resolve(HttpRequestMessage request, IIdentityAccessor accessor)
    {
        if (request is IdentityRequestMessage clone)
        {
            return clone.User;
        }

        RequestIdentity? identity = RequestIdentity.Get(request);
        if (identity?.Session is not { } session)
        {
            return identity?.User ?? accessor.User;
        }

        ClaimsPrincipal? user = identity.User ?? ResolveOnSession(session, identity.IsSessionsOwn, accessor);

        // The answer to a server's question is anonymous where it is unknown which of the owner's principals it asks.
        bool isToUnknownAsker = user is not null && identity.User is null && session.IsInFlow && UserSelector.IsAnonymous(user);
        if (!isToUnknownAsker)
        {
            session.ThrowIfNotOwner(user);
        }

        return user;
    }

    private static ClaimsPrincipal? ResolveOnSession(SessionIdentity session, bool isSessionsOwn, IIdentityAccessor accessor)
    {
        ClaimsPrincipal? sessionUser = session.User;

        // A session without a user leaves the decision to the accessor, unless an anonymous renter owns it.
        if (sessionUser is null && !session.HasOwner)
        {
            return accessor.User;
        }

        // GET and DELETE belong to the session in whatever flow they run. The answer to a server's request is a POST like any other: only
        // the flow of the message loop tells it apart, and which call asked.
        if (isSessionsOwn)
        {
            return sessionUser;
        }

        return session.IsInFlow ? AmbientIdentity.User : accessor.User ?? session.GetStandIn();
    }
}
