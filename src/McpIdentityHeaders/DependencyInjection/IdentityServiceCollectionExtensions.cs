using McpIdentityHeaders;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What every client of ours needs, whichever method registers it: the accessor, the start-up check and our place in the pipeline.</summary>
internal static class IdentityServiceCollectionExtensions
{
    internal static void AddIdentityCore(this IServiceCollection services, string clientName)
    {
        services.TryAddSingleton<IIdentityAccessor, AmbientIdentityAccessor>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClientStartupCheck>, ClientStartupCheck.Validator>());
        services.AddOptions<ClientStartupCheck>(clientName).ValidateOnStart();
        DecoratePipelineBuilder(services);
    }

    /// <summary>Puts our builder around the factory's. AddHttpClient has registered that one.</summary>
    private static void DecoratePipelineBuilder(IServiceCollection services)
    {
        ServiceDescriptor builder = services.Last(service => service.ServiceType == typeof(HttpMessageHandlerBuilder) && !service.IsKeyedService);
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
