using McpIdentityHeaders;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what every client needs: the accessor, the settings, the start-up check and the place in the pipeline.</summary>
internal static class IdentityServiceCollectionExtensions
{
    internal static void AddIdentityCore(this IServiceCollection services, string clientName)
    {
        services.TryAddSingleton<IIdentityAccessor, AmbientIdentityAccessor>();
        if (!services.HasKeyed<ClientSettings>(clientName))
        {
            services.AddKeyedSingleton(clientName, static (provider, key) => new ClientSettings(provider, (string)key!));
            services.AddStartupCheck(clientName, provider => Validate(provider, clientName));
        }

        DecoratePipelineBuilder(services);
    }

    internal static void AddStartupCheck(this IServiceCollection services, string name, Action<IServiceProvider> validate)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StartupValidation>());
        services.AddSingleton(new StartupCheck(name, validate));
    }

    private static void Validate(IServiceProvider services, string clientName)
    {
        ClientSnapshot snapshot = services.GetRequiredKeyedService<ClientSettings>(clientName).Snapshot;

        if (snapshot.Injector is { } injector)
        {
            services.GetRequiredKeyedService<ClaimInjectionState>(clientName).Telemetry.Started(injector.Plan);
        }

        // Only building the pipeline shows whether the primary handler can send raw UTF-8.
        if (snapshot.Injector?.Plan.Encoding == HeaderValueEncoding.Utf8)
        {
            services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(clientName);
        }
    }

    /// <summary>Puts this library's builder around the factory's. AddHttpClient has registered that one.</summary>
    private static void DecoratePipelineBuilder(IServiceCollection services)
    {
        ServiceDescriptor builder =
            services.Last(service => service.ServiceType == typeof(HttpMessageHandlerBuilder) && !service.IsKeyedService);
        if (builder.ImplementationFactory is { } factory && factory.Target is DecoratedBuilder)
        {
            return;
        }

        services.Remove(builder);
        services.AddTransient<HttpMessageHandlerBuilder>(new DecoratedBuilder(builder).Create);
    }

    /// <summary>Whether a client of that name has been registered with a service of that type.</summary>
    internal static bool HasKeyed<T>(this IServiceCollection services, string name) =>
        services.Any(service => service.IsKeyedService && service.ServiceType == typeof(T) && name.Equals(service.ServiceKey));

    private sealed class DecoratedBuilder(ServiceDescriptor inner)
    {
        internal IdentityPipelineBuilder Create(IServiceProvider services) => new(
            (HttpMessageHandlerBuilder)(inner.ImplementationInstance
                ?? inner.ImplementationFactory?.Invoke(services)
                ?? ActivatorUtilities.CreateInstance(services, inner.ImplementationType!)),
            services);
    }
}
