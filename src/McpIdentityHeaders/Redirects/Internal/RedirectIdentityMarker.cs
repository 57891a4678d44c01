using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// What the redirect handler has to know of the request that a redirect answers: it sees the clean message only. Kept beside the response,
/// which has no place for it.
/// </summary>
internal sealed class RedirectIdentityMarker
{
    private static readonly ConditionalWeakTable<HttpResponseMessage, RedirectIdentityMarker> Markers = [];

    private readonly bool _carriesIdentity;

    private RedirectIdentityMarker(IRedirectPolicy policy, bool carriesIdentity)
    {
        Policy = policy;
        _carriesIdentity = carriesIdentity;
    }

    internal IRedirectPolicy Policy { get; }

    /// <summary>Marks a redirect. What a handler further in has marked as an identity's stays one.</summary>
    internal static void Mark(HttpResponseMessage response, IRedirectPolicy policy, bool carriesIdentity) =>
        Markers.AddOrUpdate(response, new RedirectIdentityMarker(policy, carriesIdentity || Find(response) is { _carriesIdentity: true }));

    internal static RedirectIdentityMarker? Find(HttpResponseMessage response) =>
        Markers.TryGetValue(response, out RedirectIdentityMarker? marker) ? marker : null;

    /// <summary>Whether the redirect may leave its origin. Logs and counts where it may not.</summary>
    internal bool CanFollowCrossOrigin(Uri from, Uri target)
    {
        if (_carriesIdentity)
        {
            Policy.OnIdentityRedirectRefused(from, target);
            return false;
        }

        if (Policy.IsTrusted(target))
        {
            Policy.OnTrustedTargetRefused(from, target);
            return false;
        }

        return true;
    }
}
