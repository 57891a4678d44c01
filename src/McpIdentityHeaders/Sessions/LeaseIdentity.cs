using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The user of the calls through one lease: its renter where the user is unknown, and no other.</summary>
internal sealed class LeaseIdentity(McpSession session, ClaimsPrincipal? renter, SessionOwner owner) : SessionIdentity
{
    private static readonly AsyncLocal<LeaseIdentity?> InFlow = new();

    private readonly SessionOwner _owner = owner;

    /// <summary>Gets or sets the lease that the current flow calls through.</summary>
    internal static LeaseIdentity? Current
    {
        get => InFlow.Value;
        set => InFlow.Value = value;
    }

    internal McpSession Session => session;

    // The renter's own principal: a newer one of the same user may have other rights, such as an impersonator's.
    internal override ClaimsPrincipal? User => renter ?? session.User;

    internal override bool HasOwner => true;

    internal override ClaimsPrincipal? GetStandIn() => User;

    /// <summary>Finds the lease of a session that the current flow calls through.</summary>
    internal static LeaseIdentity? FindFor(McpSession session) => Current is { } lease && lease.Session == session ? lease : null;

    /// <summary>Whether both leases are one signed-in user's. Anonymous callers are never known to be the same.</summary>
    internal bool IsOfSameUser(LeaseIdentity other) => other == this || _owner.IsSameUser(other._owner);

    internal override void ThrowIfNotOwner(ClaimsPrincipal? user) => _owner.Check(user);
}
