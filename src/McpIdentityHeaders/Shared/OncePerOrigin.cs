using System.Collections.Concurrent;

namespace McpIdentityHeaders.Internal;

/// <summary>Says yes to each origin once. A caller that is led through countless origins cannot make it grow without end.</summary>
internal sealed class OncePerOrigin
{
    private const int MostOrigins = 1000;

    private readonly ConcurrentDictionary<Origin, bool> _seen = new();

    internal bool IsFirst(Origin origin) => !_seen.ContainsKey(origin) && _seen.Count < MostOrigins && _seen.TryAdd(origin, true);
}
