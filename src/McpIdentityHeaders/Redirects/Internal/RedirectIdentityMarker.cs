using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Remembers of a redirect response that its request carried an identity: the message that the redirect handler sees is the clean one. Kept
/// beside the response, which has no place for it. Only redirects are ever marked.
/// </summary>
internal static class RedirectIdentityMarker
{
    private static readonly ConditionalWeakTable<HttpResponseMessage, object> Marked = [];

    internal static void Mark(HttpResponseMessage response) => Marked.AddOrUpdate(response, Marked);

    internal static bool IsMarked(HttpResponseMessage response) => Marked.TryGetValue(response, out _);
}
