using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>One lease of a pooled session, as far as it decides who the user of its calls is. Several leases send through one HttpClient.</summary>
/// <param name="session">The session, which may serve other users too.</param>
/// <param name="user">The renter; null where unknown.</param>
/// <param name="owner">The renter, who alone may use the lease.</param>
internal sealed class LeaseIdentity(McpSession session, ClaimsPrincipal? user, SessionOwner owner) : SessionIdentity
{
    private static readonly AsyncLocal<LeaseIdentity?> InForce = new();

    internal override ClaimsPrincipal? User => user;

    internal override bool HasOwner => true;

    /// <summary>Gets what a session's request in the current flow belongs to: a lease whose call it is part of, else the session itself.</summary>
    internal static SessionIdentity Of(McpSession session) => InForce.Value is { } lease && lease.IsOf(session) ? lease : session;

    /// <summary>Makes the current flow the session's own again. Call it from an async method, whose end restores the caller's flow.</summary>
    internal static void Leave() => InForce.Value = null;

    internal override void ThrowIfNotOwner(ClaimsPrincipal? caller) => owner.Check(caller);

    /// <summary>Makes the current flow a call of the lease's. Call it from an async method, whose end restores the caller's flow.</summary>
    internal void Enter() => InForce.Value = this;

    private bool IsOf(McpSession other) => session == other;
}
