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
    /// <see cref="AmbientIdentity"/> takes precedence, also where it holds an anonymous user. A user who is not signed in is anonymous, and so
    /// is any user for a task that outlives its request. Outside any request the user is unknown. It replaces the default accessor,
    /// whichever is registered first; of it and a custom accessor, the one registered last counts. The request is the one of the
    /// <see cref="IHttpContextAccessor"/> that is registered, the framework's own by default. Calling it again changes nothing. An
    /// <see cref="IHttpContextFactory"/> other than the framework's, and a custom <see cref="IHttpContextAccessor"/> that is no singleton,
    /// are refused at start-up.
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
        services.AddStartupCheck(nameof(AddHttpContextIdentity), _ => Validate(services));
        return services;
    }

    private static void Validate(IServiceCollection services)
    {
        ServiceDescriptor factory = Last<IHttpContextFactory>(services);
        if (!ReferenceEquals(factory.ImplementationFactory, CreateFactory))
        {
            throw new InvalidOperationException(
                $"AddHttpContextIdentity marks each request's flow through the framework's IHttpContextFactory, and {Describe(factory)} was "
                + "registered in its place. Remove that one, or register an IIdentityAccessor of your own in place of "
                + "AddHttpContextIdentity.");
        }

        ServiceDescriptor accessor = Last<IHttpContextAccessor>(services);
        if (accessor.Lifetime != ServiceLifetime.Singleton && accessor.ImplementationType != typeof(HttpContextAccessor))
        {
            throw new InvalidOperationException(
                $"AddHttpContextIdentity needs one IHttpContextAccessor for all requests, and {Describe(accessor)} is registered as "
                + $"{accessor.Lifetime}. Register it with AddSingleton, and have it read ambient state at each call.");
        }
    }

    private static string Describe(ServiceDescriptor service) =>
        (service.ImplementationType ?? service.ImplementationInstance?.GetType())?.Name ?? "a factory's";

    private static ServiceDescriptor Last<TService>(IServiceCollection services) =>
        services.Last(service => !service.IsKeyedService && service.ServiceType == typeof(TService));

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
