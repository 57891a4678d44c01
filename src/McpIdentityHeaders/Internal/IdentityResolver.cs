using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Decides whose request it is. The order is the contract's; docs/security-model.md says why.</summary>
internal static class IdentityResolver
{
    /// <returns>A user, or nobody (a principal without an authenticated identity), or null: not known.</returns>
    internal static ClaimsPrincipal? Resolve(HttpRequestMessage request, IIdentityAccessor accessor)
    {
        if (request is IdentityRequestMessage decided)
        {
            return decided.User;
        }

        RequestIdentity? said = RequestIdentity.Of(request);
        if (said?.User is { } user)
        {
            return user;
        }

        if (said?.Session is not { User: { } sessionUser } session)
        {
            return accessor.User;
        }

        // GET and DELETE are the session's by their nature, in whatever flow they run; the answer to a server's request is a POST like any
        // other, and known by the flow of the message loop.
        bool isSessionsOwn = said.IsSessionsOwn || AmbientIdentity.Current?.Session == session;
        return isSessionsOwn ? sessionUser : accessor.User ?? sessionUser;
    }

    internal static bool IsNobody(ClaimsPrincipal user)
    {
        foreach (ClaimsIdentity identity in user.Identities)
        {
            if (identity.IsAuthenticated)
            {
                return false;
            }
        }

        return true;
    }
}
