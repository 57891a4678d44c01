using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>An MCP session as far as it decides who the user of a request is.</summary>
internal abstract class SessionIdentity
{
    /// <summary>Gets the session's user as it stands now; null where the session was opened for an unknown user.</summary>
    internal abstract ClaimsPrincipal? User { get; }

    /// <summary>Gets whether the current flow is the session's own.</summary>
    internal bool IsInFlow => AmbientIdentity.Current?.Session == this;

    /// <summary>Gets whether one user alone, or one anonymous caller, may use the session.</summary>
    internal abstract bool HasOwner { get; }

    /// <summary>Gets the session's user for a call of an unknown user; null where the client's settings allow no stand-in.</summary>
    internal abstract ClaimsPrincipal? GetStandIn();

    /// <summary>Refuses a user other than the owner. An unknown user passes: the request goes out as the owner's.</summary>
    /// <exception cref="ClaimInjectionException">The session belongs to another user. Nothing has been sent.</exception>
    internal abstract void ThrowIfNotOwner(ClaimsPrincipal? user);
}
