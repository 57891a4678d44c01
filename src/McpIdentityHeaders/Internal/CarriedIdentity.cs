using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Remembers of a redirect response whether its request carried an identity: the message that the redirect handler sees is the clean one.
/// Kept beside the response, which has no place for it. Only redirects of requests that went out as a clone are ever marked.
/// </summary>
internal static class CarriedIdentity
{
    private static readonly ConditionalWeakTable<HttpResponseMessage, object> Marked = [];
    private static readonly object Carried = new();
    private static readonly object Dropped = new();

    internal static void Mark(HttpResponseMessage response, bool carried) => Marked.AddOrUpdate(response, carried ? Carried : Dropped);

    /// <summary>Whether the request carried an identity; where it went out as it was, what the caller put under an owned name is one too.</summary>
    internal static bool IsOf(HttpResponseMessage response, HttpRequestMessage request, OwnedHeaderNames? owned) =>
        Marked.TryGetValue(response, out object? mark)
            ? mark == Carried
            : owned is not null && RequestChecks.HasOwned(response.RequestMessage ?? request, owned);
}
