using System.Collections.Concurrent;

namespace McpIdentityHeaders.Internal;

/// <summary>Tells the first sight of each origin. Bounded, since redirects may lead a caller through countless origins.</summary>
internal sealed class OncePerOrigin
{
    private const int MostOrigins = 1000;

    private readonly ConcurrentDictionary<Origin, bool> _seen = new();

    internal bool IsFirst(Origin origin) => !_seen.ContainsKey(origin) && _seen.Count < MostOrigins && _seen.TryAdd(origin, true);
}
