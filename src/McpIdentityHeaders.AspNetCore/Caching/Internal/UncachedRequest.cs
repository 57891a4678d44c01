using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Marks a request that has an identity. Caches neither answer a request with Authorization nor store what answers it, and know nothing of
/// identity headers: a page that was cached for anonymous users would stand in for one user's.
/// </summary>
/// <remarks>Behind authentication, output caching knows the user, and a policy of the application may well cache for each user.</remarks>
internal sealed class UncachedRequest : IOutputCachePolicy
{
    private const string RuleName = "McpIdentityHeaders";

    internal static UncachedRequest Instance { get; } = new();

    /// <summary>Marks the request, for response caching by its own directives (RFC 9111, section 5.2.1).</summary>
    internal static void Mark(HttpContext context)
    {
        context.Features.Set(Instance);
        context.Request.Headers.CacheControl = StringValues.Concat(context.Request.Headers.CacheControl, "no-cache, no-store");
    }

    public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        HttpContext request = context.HttpContext;
        if (request.Features.Get<UncachedRequest>() is not null && request.User.Identity is not { IsAuthenticated: true })
        {
            // Policies that follow may allow lookup and storage again. None takes a rule away, and no other request has this value.
            context.CacheVaryByRules.VaryByValues[RuleName] = Guid.NewGuid().ToString();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        if (context.CacheVaryByRules.VaryByValues.ContainsKey(RuleName))
        {
            context.AllowCacheStorage = false;
        }

        return ValueTask.CompletedTask;
    }
}
