using Microsoft.Extensions.Caching.Hybrid;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>What a backend answered, cached for each user.</summary>
internal sealed class CachedNotes(HybridCache cache, Notes notes)
{
    // <snippet>
    public ValueTask<string> WhoAmIAsync(ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        Claim subject = user.FindFirst("sub") ?? throw new ArgumentException("No sub.", nameof(user));
        string?[] parts = [user.FindFirst("iss")?.Value, subject.Issuer, subject.Value];
        return cache.GetOrCreateAsync(
            $"whoami/{string.Join('/', parts.Select(part => Uri.EscapeDataString(part ?? "")))}",
            async cancel => await AmbientIdentity.RunAsync(user, () => notes.WhoAmIAsync(cancel)),
            cancellationToken: cancellationToken);
    }
    // </snippet>
}
