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
        IdentityHeadersScheme[] headerSchemes = [.. GetSchemes<IdentityHeadersSchemeName, IdentityHeadersScheme>(name => name.Value)];
        IdentityAssertionScheme[] assertionSchemes = [.. GetSchemes<IdentityAssertionSchemeName, IdentityAssertionScheme>(name => name.Value)];
        app.Use((HttpContext context, RequestDelegate following) =>
        {
            Prepare(context, headerSchemes, assertionSchemes);
            return following(context);
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

    private static void Prepare(HttpContext context, IdentityHeadersScheme[] headerSchemes, IdentityAssertionScheme[] assertionSchemes)
    {
        IHeaderDictionary headers = context.Request.Headers;
        bool hasIdentity = Array.Exists(headerSchemes, scheme => scheme.Plan.HasIdentity(headers))
            || Array.Exists(assertionSchemes, scheme => scheme.Plan.HasAssertion(headers));
        if (hasIdentity)
        {
            UncachedRequest.Mark(context);
        }

        RemovedHeaders.Remove(
            context,
            name => Array.Exists(headerSchemes, scheme => scheme.Plan.Peers.IsSecret(name))
                || Array.Exists(assertionSchemes, scheme => scheme.Plan.IsAssertion(name)));
    }

    private IEnumerable<TScheme> GetSchemes<TName, TScheme>(Func<TName, string> getName)
        where TScheme : notnull =>
        services.GetServices<TName>().Select(name => services.GetRequiredKeyedService<TScheme>(getName(name)));
}
