using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Puts our block of handlers in, last, and hardens the primary handler, as the pipeline is built: after all that the user, other libraries
/// and their filters configured, in whatever order they were registered.
/// </summary>
internal sealed class IdentityPipelineBuilder(HttpMessageHandlerBuilder inner, IServiceProvider services) : HttpMessageHandlerBuilder
{
    // What IHttpClientFactory itself takes for handlers of its own making.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    [DisallowNull]
    public override string? Name
    {
        get => inner.Name;
        set => inner.Name = value;
    }

    public override HttpMessageHandler PrimaryHandler
    {
        get => inner.PrimaryHandler;
        set => inner.PrimaryHandler = value;
    }

    public override IList<DelegatingHandler> AdditionalHandlers => inner.AdditionalHandlers;

    public override IServiceProvider Services => inner.Services;

    public override HttpMessageHandler Build()
    {
        string name = inner.Name ?? string.Empty;
        ClaimInjectionClient? client = services.GetKeyedService<ClaimInjectionClient>(name);

        if (services.GetKeyedService<McpClientRegistration>(name) is not null
            && !PrimaryHandlerHardening.TryLimitConnectionLifetime(inner.PrimaryHandler, ConnectionLifetime))
        {
            client?.ConnectionLifetimeUnlimited();
        }

        // A builder of someone else's around ours may itself have been decorated again: one set of handlers is enough.
        if (client is not null && !inner.AdditionalHandlers.Any(handler => handler is ClaimInjectionHandler))
        {
            IIdentityAccessor accessor = services.GetRequiredService<IIdentityAccessor>();
            PrimaryHandlerHardening.Harden(inner.PrimaryHandler, client);
            inner.AdditionalHandlers.Add(new SameOriginRedirectHandler(client));
            inner.AdditionalHandlers.Add(new IdentityHandler(accessor));
            inner.AdditionalHandlers.Add(new ClaimInjectionHandler(accessor, client));
        }

        return inner.Build();
    }
}
