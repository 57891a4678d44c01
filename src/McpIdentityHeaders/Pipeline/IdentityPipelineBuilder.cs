using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Adds this library's block of handlers, last, and hardens the primary handler, as the pipeline is built: after all that the user, other libraries
/// and their filters configured, in whatever order they were registered.
/// </summary>
internal sealed class IdentityPipelineBuilder(HttpMessageHandlerBuilder inner, IServiceProvider services) : HttpMessageHandlerBuilder
{
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
        ClaimInjectionState? state = services.GetKeyedService<ClaimInjectionState>(name);

        if (services.GetKeyedService<ConnectionLifetimeLimit>(name) is { } limit
            && !PrimaryHandlerHardening.TryLimitConnectionLifetime(inner.PrimaryHandler, limit.Value))
        {
            state?.Telemetry.ConnectionLifetimeUnlimited();
        }

        // Another library's builder around this one may have been decorated again: one set of handlers is enough.
        if (state is not null && !inner.AdditionalHandlers.Any(handler => handler is ClaimInjectionHandler))
        {
            IIdentityAccessor accessor = services.GetRequiredService<IIdentityAccessor>();
            PrimaryHandlerHardening.Harden(inner.PrimaryHandler, state.Plan, state.Telemetry);
            inner.AdditionalHandlers.Add(new SameOriginRedirectHandler(() => state.Plan.MaxRedirections));
            inner.AdditionalHandlers.Add(new IdentityHandler(accessor, isInBlock: true));
            inner.AdditionalHandlers.Add(new ClaimInjectionHandler(accessor, state));
        }

        return inner.Build();
    }
}
