using McpIdentityHeaders;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What every client of ours needs, whichever method registers it.</summary>
internal static class IdentityServiceCollectionExtensions
{
    internal static void AddIdentityCore(this IServiceCollection services, string clientName)
    {
        services.TryAddSingleton<IIdentityAccessor, AmbientIdentityAccessor>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClientStartup>, ClientStartup.Validator>());
        services.AddOptions<ClientStartup>(clientName).ValidateOnStart();

        // The first filter's work is done last, after every handler that anyone else adds.
        if (!services.Any(service => service.ImplementationType == typeof(ClaimInjectionPipelineFilter)))
        {
            services.Insert(0, ServiceDescriptor.Singleton<IHttpMessageHandlerBuilderFilter, ClaimInjectionPipelineFilter>());
        }
    }

    /// <summary>Whether a client of that name has been registered with a service of that type.</summary>
    internal static bool HasKeyed<T>(this IServiceCollection services, string name) =>
        services.Any(service => service.IsKeyedService && service.ServiceType == typeof(T) && name.Equals(service.ServiceKey));
}
