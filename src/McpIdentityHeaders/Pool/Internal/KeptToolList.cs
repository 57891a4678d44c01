using System.Security.Claims;
using Microsoft.Extensions.AI;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>A user's list of a backend's tools, with all that it depends on.</summary>
internal sealed class KeptToolList
{
    private readonly (string, string, string, bool)[] _claims;
    private readonly HttpClientTransportOptions _transport;
    private TimeSpan _timeToLive;

    /// <summary>Reads what the list will depend on, before the backend is asked for it.</summary>
    internal KeptToolList(ClaimsPrincipal user, HttpClientTransportOptions transport, long listed)
    {
        Listed = listed;
        _claims = [.. ClaimsOf(user)];
        _transport = transport;
    }

    internal IReadOnlyList<AIFunction> Tools { get; private set; } = [];

    /// <summary>Gets the clock's timestamp of the listing.</summary>
    internal long Listed { get; }

    internal void Set(IReadOnlyList<AIFunction> tools, TimeSpan timeToLive) => (Tools, _timeToLive) = (tools, timeToLive);

    internal bool IsFresh(TimeProvider time) => time.GetElapsedTime(Listed) < _timeToLive;

    /// <summary>Whether the backend would show the same: other roles of one subject, or a support login as that user, see other tools.</summary>
    internal bool IsFor(ClaimsPrincipal user, HttpClientTransportOptions transport) =>
        transport == _transport && ClaimsOf(user).SequenceEqual(_claims);

    private static IEnumerable<(string, string, string, bool)> ClaimsOf(ClaimsPrincipal user) =>
        user.Identities.SelectMany(ClaimsOf);

    /// <summary>Reads an identity's claims, and those of who acts for it: a header from code may show them to the backend.</summary>
    private static IEnumerable<(string, string, string, bool)> ClaimsOf(ClaimsIdentity identity) => identity.Claims
        .Select(claim => (claim.Type, claim.Value, claim.Issuer, identity.IsAuthenticated))
        .Concat(identity.Actor is { } actor ? ClaimsOf(actor).Prepend(("actor", string.Empty, string.Empty, actor.IsAuthenticated)) : []);
}
