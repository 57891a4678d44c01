using McpIdentityHeaders;
using McpIdentityHeaders.AspNetCore.Internal;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes the user of the HTTP request the user of the requests that it sends.</summary>
public static class HttpContextIdentityServiceCollectionExtensions
{
    private static readonly Func<IServiceProvider, IHttpContextFactory> CreateFactory =
        static services => new DefaultHttpContextFactory(new RequestFlowServices(services));

    /// <summary>
    /// Makes <see cref="HttpContext.User"/> the <see cref="IIdentityAccessor.User"/> where <see cref="AmbientIdentity"/> has none.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns>The same services.</returns>
    /// <remarks>
    /// <see cref="AmbientIdentity"/> takes precedence, also where it holds an anonymous user. A user who is not signed in is anonymous, and
    /// so is any user for a task that outlives its request. Outside any request the user is unknown. It replaces the default accessor,
    /// whichever is registered first; of it and a custom accessor, the one registered last counts. The request is the one of the
    /// <see cref="IHttpContextAccessor"/> that is registered, the framework's own by default. Calling it again changes nothing. An
    /// <see cref="IHttpContextFactory"/> other than the framework's, and a custom <see cref="IHttpContextAccessor"/> that is no singleton,
    /// or does not keep a request's <see cref="HttpContext"/> to the flow of that request, are refused at start-up.
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

        services.AddOptions();
        services.AddHttpContextAccessor();
        Remove<DefaultHttpContextFactory>(services);
        services.TryAddSingleton(CreateFactory);
        services.AddStartupCheck(nameof(AddHttpContextIdentity), provider => RequestFlowValidation.Validate(
            provider,
            isFactoryReplaced: !ReferenceEquals(FindLast<IHttpContextFactory>(services)?.ImplementationFactory, CreateFactory),
            accessorLifetime: FindLast<IHttpContextAccessor>(services)?.Lifetime));
        return services;
    }

    private static ServiceDescriptor? FindLast<TService>(IServiceCollection services) =>
        services.LastOrDefault(service => !service.IsKeyedService && service.ServiceType == typeof(TService));

    private static void Remove<TImplementation>(IServiceCollection services)
    {
        while (Find<TImplementation>(services) is { } registered)
        {
            services.Remove(registered);
        }
    }

    private static ServiceDescriptor? Find<TImplementation>(IServiceCollection services) =>
        services.FirstOrDefault(service => !service.IsKeyedService && service.ImplementationType == typeof(TImplementation));
}
