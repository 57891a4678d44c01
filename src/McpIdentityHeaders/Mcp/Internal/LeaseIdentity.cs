using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The user of the calls through one lease: its renter where the user is unknown, and no other.</summary>
internal sealed class LeaseIdentity(McpSession session, ClaimsPrincipal? renter, SessionOwner owner) : SessionIdentity
{
    private static readonly AsyncLocal<LeaseIdentity?> InFlow = new();

    /// <summary>Gets or sets the lease that the current flow calls through.</summary>
    internal static LeaseIdentity? Current
    {
        get => InFlow.Value;
        set => InFlow.Value = value;
    }

    /// <summary>Gets the session that is leased.</summary>
    internal McpSession Session => session;

    // A session of the renter's own has the newest principal of that user; a shared client has none.
    internal override ClaimsPrincipal? User => session.User ?? renter;

    internal override bool HasOwner => true;

    internal override ClaimsPrincipal? GetStandIn() => User;

    internal override void ThrowIfNotOwner(ClaimsPrincipal? user) => owner.Check(user);
}
