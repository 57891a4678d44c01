using McpIdentityHeaders;
using McpIdentityHeaders.AspNetCore.Internal;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes the user of the HTTP request the user of what it calls.</summary>
public static class HttpContextIdentityServiceCollectionExtensions
{
    /// <summary>
    /// Makes <see cref="HttpContext.User"/> the <see cref="IIdentityAccessor.User"/> where <see cref="AmbientIdentity"/> says nothing.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns>The same services.</returns>
    /// <remarks>
    /// What <see cref="AmbientIdentity"/> says comes first, that there is nobody included. A visitor who is not signed in is nobody, and so is
    /// everybody for a task that outlives its request. Outside of any request the user is not known. It replaces the default accessor,
    /// whichever is registered first; of it and an accessor of one's own, the one registered last counts. It also replaces the framework's
    /// <see cref="IHttpContextAccessor"/> by one that does the same for all others. Calling it again changes nothing.
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
