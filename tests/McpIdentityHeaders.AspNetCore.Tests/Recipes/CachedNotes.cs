using Microsoft.Extensions.Caching.Hybrid;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>What a backend answered, cached for each user.</summary>
internal sealed class CachedNotes(HybridCache cache, Notes notes)
{
    // <snippet>
    public ValueTask<string> WhoAmIAsync(ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        string issuer = Uri.EscapeDataString(user.FindFirst("iss")?.Value ?? "");
        string subject = Uri.EscapeDataString(user.FindFirst("sub")?.Value ?? throw new ArgumentException("No sub.", nameof(user)));
        return cache.GetOrCreateAsync(
            $"whoami/{issuer}/{subject}",
            async cancel => await AmbientIdentity.RunAsync(user, () => notes.WhoAmIAsync(cancel)),
            cancellationToken: cancellationToken);
    }
    // </snippet>
}
