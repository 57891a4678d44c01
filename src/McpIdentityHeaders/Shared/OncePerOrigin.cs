using System.Collections.Concurrent;

namespace McpIdentityHeaders.Internal;

/// <summary>Accepts each origin once. Bounded: redirects through countless origins must not exhaust memory.</summary>
internal sealed class OncePerOrigin
{
    private const int MaxOrigins = 1000;

    private readonly ConcurrentDictionary<Origin, bool> _seen = new();

    internal bool IsFirst(Origin origin) => !_seen.ContainsKey(origin) && _seen.Count < MaxOrigins && _seen.TryAdd(origin, true);
}
