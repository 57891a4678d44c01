using Gateway.Backends;
using Gateway.Sessions;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Server;

namespace Gateway.Features;

internal static class FeatureServiceCollectionExtensions
{
    /// <summary>Adds what the gateway passes on, a class a kind, and the one way to the backends.</summary>
    public static IServiceCollection AddFeatures(this IServiceCollection services)
    {
        services.AddSingleton<ClientProfileLimit>();
        services.AddSingleton<CallerRequests>();
        services.AddSingleton<SubscriptionLimit>();
        services.AddSingleton<BackendHandshakes>();
        services.AddSingleton<BackendClient>();
        services.AddSingleton<BackendLists>();
        services.AddSingleton<BackendTools>();
        services.AddSingleton<IConfigureOptions<McpServerOptions>>(provider => provider.GetRequiredService<BackendTools>());
        services.AddSingleton<RequestStates>();
        services.AddSingleton<BackendSubscriptions>();
        services.AddSingleton<CallerListeners>();
        services.AddSingleton<IConfigureOptions<McpServerOptions>, BackendSummary>();

        services.AddSingleton<IFeature, ToolFeature>();
        services.AddSingleton<IFeature, PromptFeature>();
        services.AddSingleton<IFeature, ResourceFeature>();
        services.AddSingleton<IFeature, CompletionFeature>();
        services.AddSingleton<IFeature, LoggingFeature>();
        services.AddSingleton<SubscriptionFeature>();
        services.AddSingleton<IFeature>(provider => provider.GetRequiredService<SubscriptionFeature>());
        services.AddSingleton<IConfigureOptions<McpServerOptions>>(provider => provider.GetRequiredService<SubscriptionFeature>());
        return services.AddSingleton<IConfigureOptions<McpServerOptions>, FeatureRouter>();
    }
}
