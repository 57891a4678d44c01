using McpIdentityHeaders;
using McpIdentityHeaders.AspNetCore.Internal;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes the user of the HTTP request the user of the requests that it sends.</summary>
public static class HttpContextIdentityServiceCollectionExtensions
{
    /// <summary>
    /// Makes <see cref="HttpContext.User"/> the <see cref="IIdentityAccessor.User"/> where <see cref="AmbientIdentity"/> has none.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns>The same services.</returns>
    /// <remarks>
    /// <see cref="AmbientIdentity"/> takes precedence, also where it holds an anonymous user. A user who is not signed in is anonymous, and so
    /// is any user for a task that outlives its request. Outside any request the user is unknown. It replaces the default accessor,
    /// whichever is registered first; of it and a custom accessor, the one registered last counts. It also replaces the framework's
    /// <see cref="IHttpContextAccessor"/> by one that works the same for all other code. Calling it again changes nothing.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is <see langword="null"/>.</exception>
    public static IServiceCollection AddHttpContextIdentity(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        if (Find<HttpContextIdentityAccessor>(services) is not null)
        {
            return services;
        }

        Remove<AmbientIdentityAccessor>(services);
        services.AddSingleton<IIdentityAccessor, HttpContextIdentityAccessor>();

        Remove<HttpContextAccessor>(services);
        services.TryAddSingleton<IHttpContextAccessor, RequestFlowAccessor>();
        return services;
    }

    private static void Remove<TAccessor>(IServiceCollection services)
    {
        if (Find<TAccessor>(services) is { } registered)
        {
            services.Remove(registered);
        }
    }

    private static ServiceDescriptor? Find<TAccessor>(IServiceCollection services) =>
        services.FirstOrDefault(service => !service.IsKeyedService && service.ImplementationType == typeof(TAccessor));
}
