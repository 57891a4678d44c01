using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Runs before all middleware. It takes shared secrets and assertions out of the request, so that no log or exception page in front of
/// authentication shows them, and keeps caches in front of authentication away from requests that have an identity.
/// </summary>
internal sealed class ReceivedRequestFilter(IServiceProvider services) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        IdentityHeadersScheme[] schemes = IdentityHeadersScheme.GetAll(services);
        PrevailingScheme[] prevailing = [.. services.GetServices<PrevailingScheme>()];
        app.Use(async (HttpContext context, RequestDelegate following) =>
        {
            await PrepareAsync(context, schemes, prevailing).ConfigureAwait(false);
            await following(context).ConfigureAwait(false);
        });
        next(app);
    };

    /// <summary>Adds the filter in front of all others: what stands first runs first.</summary>
    internal static void AddTo(IServiceCollection services)
    {
        if (services.Any(service => !service.IsKeyedService && service.ImplementationType == typeof(ReceivedRequestFilter)))
        {
            return;
        }

        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, ReceivedRequestFilter>());
        services.Configure<OutputCacheOptions>(options => options.AddBasePolicy(UncachedRequest.Instance));
    }

    private static async Task PrepareAsync(HttpContext context, IdentityHeadersScheme[] schemes, PrevailingScheme[] prevailing)
    {
        IHeaderDictionary headers = context.Request.Headers;
        bool hasAssertion = Array.Exists(prevailing, scheme => scheme.IsUsedBy(headers));
        if (hasAssertion || Array.Exists(schemes, scheme => scheme.Plan.HasIdentity(headers)))
        {
            UncachedRequest.Mark(context);
        }

        RemovedHeaders.Remove(context, name => Array.Exists(schemes, scheme => scheme.Plan.Peers.IsSecret(name)));
        if (hasAssertion)
        {
            RemovedHeaders.RemoveWhenAsked(context, name => Array.Exists(prevailing, scheme => scheme.IsHeader(name)));
            await RemovedHeaders.RemoveUnlessSelectedAsync(context).ConfigureAwait(false);
        }
    }
}
