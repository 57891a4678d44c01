using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Puts our block of handlers in, last, and hardens the primary handler, after everything that the user and other libraries configured.
/// </summary>
/// <remarks>It is registered as the first of all filters: the first one's work is done last.</remarks>
internal sealed class ClaimInjectionPipelineFilter(IServiceProvider services) : IHttpMessageHandlerBuilderFilter
{
    // What IHttpClientFactory itself takes for handlers of its own making.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);

        string name = builder.Name ?? string.Empty;
        ClaimInjectionClient? client = services.GetKeyedService<ClaimInjectionClient>(name);

        if (services.GetKeyedService<McpClientRegistration>(name) is not null
            && !PrimaryHandler.TryLimitConnectionLifetime(builder.PrimaryHandler, ConnectionLifetime, name))
        {
            client?.Logger.ConnectionLifetimeUnlimited(name);
        }

        if (client is not null)
        {
            IIdentityAccessor accessor = services.GetRequiredService<IIdentityAccessor>();
            PrimaryHandler.Harden(builder.PrimaryHandler, client);
            builder.AdditionalHandlers.Add(new SameOriginRedirectHandler(client));
            builder.AdditionalHandlers.Add(new IdentityHandler(accessor));
            builder.AdditionalHandlers.Add(new ClaimInjectionHandler(accessor, client));
        }
    };
}
