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

    }

    /// <summary>Puts our filter in front of all: the first filter's work is done last, after every handler that anyone else adds.</summary>
    internal static void PutPipelineFilterFirst(this IServiceCollection services)
    {
        if (services.FirstOrDefault(service => service.ImplementationType == typeof(ClaimInjectionPipelineFilter)) is { } registered)
        {
            services.Remove(registered);
        }

        services.Insert(0, ServiceDescriptor.Singleton<IHttpMessageHandlerBuilderFilter, ClaimInjectionPipelineFilter>());
    }

    /// <summary>Whether a client of that name has been registered with a service of that type.</summary>
    internal static bool HasKeyed<T>(this IServiceCollection services, string name) =>
        services.Any(service => service.IsKeyedService && service.ServiceType == typeof(T) && name.Equals(service.ServiceKey));
}
