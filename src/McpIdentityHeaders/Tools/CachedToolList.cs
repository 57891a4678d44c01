using System.Security.Claims;
using Microsoft.Extensions.AI;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>A user's list of a backend's tools, with all that it depends on.</summary>
internal sealed class CachedToolList
{
    private static readonly HashSet<string> None = [];

    private readonly IReadOnlyList<(string? Type, string? Value, string? Issuer)>? _claims;
    private readonly HttpClientTransportOptions _transport;
    private TimeSpan _timeToLive;

    /// <summary>Reads what the list will depend on, before the backend is asked for it.</summary>
    internal CachedToolList(ClaimsPrincipal user, HttpClientTransportOptions transport, long listed)
    {
        Listed = listed;
        _claims = ReadClaims(user);
        _transport = transport;
    }

    internal IReadOnlyList<AIFunction> Tools { get; private set; } = [];

    /// <summary>Gets the clock's timestamp of the listing.</summary>
    internal long Listed { get; }

    internal void Set(IReadOnlyList<AIFunction> tools, TimeSpan timeToLive) => (Tools, _timeToLive) = (tools, timeToLive);

    internal bool IsFresh(TimeProvider time) => time.GetElapsedTime(Listed) < _timeToLive;

    /// <summary>
    /// Whether the backend would show the same: other roles of one subject, or a support login as that user, see other tools. A header from
    /// code may show it any claim, and those of an actor.
    /// </summary>
    internal bool IsFor(ClaimsPrincipal user, HttpClientTransportOptions transport) =>
        transport == _transport && _claims is not null && ReadClaims(user) is { } claims && claims.SequenceEqual(_claims);

    /// <returns>Null where the principal changes meanwhile: no list is one for it.</returns>
    private static IReadOnlyList<(string? Type, string? Value, string? Issuer)>? ReadClaims(ClaimsPrincipal user) =>
        PrincipalComparer.Read(user, leftOut: None);
}
