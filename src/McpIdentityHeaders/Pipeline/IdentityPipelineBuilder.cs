using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Adds this library's block of handlers, last, and hardens the primary handler, as the pipeline is built: after all that the user, other
/// libraries and their filters configured, in whatever order they were registered.
/// </summary>
internal sealed class IdentityPipelineBuilder(HttpMessageHandlerBuilder inner, IServiceProvider services) : HttpMessageHandlerBuilder
{
    private bool _isPrimaryConfigured;

    [DisallowNull]
    public override string? Name
    {
        get => inner.Name;
        set => inner.Name = value;
    }

    public override HttpMessageHandler PrimaryHandler
    {
        get => inner.PrimaryHandler;
        set
        {
            inner.PrimaryHandler = value;
            _isPrimaryConfigured = true;
        }
    }

    public override IList<DelegatingHandler> AdditionalHandlers => inner.AdditionalHandlers;

    public override IServiceProvider Services => inner.Services;

    public override HttpMessageHandler Build()
    {
        string name = inner.Name ?? string.Empty;
        ClaimInjectionState? state = services.GetKeyedService<ClaimInjectionState>(name);
        var limit = services.GetKeyedService<ConnectionLifetimeLimit>(name);

        if (limit is not null && !PrimaryHandlerHardening.TryLimitConnectionLifetime(inner.PrimaryHandler, limit.Value))
        {
            state?.Telemetry.ConnectionLifetimeUnlimited();
        }

        if (state is not null)
        {
            return BuildWithIdentity(state, name);
        }

        if (limit is not null)
        {
            AddRedirectHandler(name);
        }
        else
        {
            PrimaryHandlerHardening.RegisterUnchanged(inner.PrimaryHandler, name);
        }

        return inner.Build();
    }

    /// <summary>An MCP client without identities still sends session ids and API keys, which no redirect may take elsewhere.</summary>
    private void AddRedirectHandler(string name)
    {
        int allowed = PrimaryHandlerHardening.HardenRedirects(inner.PrimaryHandler, name);
        if (!inner.AdditionalHandlers.Any(handler => handler is SameOriginRedirectHandler))
        {
            int max = Math.Min(allowed, SameOriginRedirectHandler.DefaultMaxRedirections);
            inner.AdditionalHandlers.Add(new SameOriginRedirectHandler(() => max));
        }
    }

    private HardenedPrimary HardenPrimary(ClaimInjectionState state)
    {
        HardenedPrimary primary = PrimaryHandlerHardening.Harden(inner.PrimaryHandler, state.Telemetry.Name, state.Plan.Encoding);
        if (!primary.IsKnown)
        {
            state.Telemetry.UnknownPrimaryHandler(primary.Handler);
        }
        else if (primary.AreCookiesOverruled && _isPrimaryConfigured)
        {
            // The factory's own handler has cookies on as well, which is no wish of the user's.
            state.Telemetry.CookiesOverruled();
        }

        if (!primary.TagsUsers && state.Plan.UserTagger is not null)
        {
            state.Telemetry.ActivitiesNotTagged(primary.Handler);
        }

        return primary;
    }

    private HttpMessageHandler BuildWithIdentity(ClaimInjectionState state, string name)
    {
        // Another library's builder around this one may have been decorated again: one set of handlers is enough.
        if (inner.AdditionalHandlers.Any(handler => handler is ClaimInjectionHandler))
        {
            return inner.Build();
        }

        IIdentityAccessor accessor = services.GetRequiredService<IIdentityAccessor>();
        HardenedPrimary primary = HardenPrimary(state);

        // Only where it has something to note, since every client pays for a handler.
        if (state.Plan.HasServices)
        {
            inner.AdditionalHandlers.Insert(0, new RequestedServiceHandler(state));
        }

        var identity = new IdentityHandler(accessor);
        var injection = new ClaimInjectionHandler(accessor, state, new ForwardProxy(primary.Handler));
        inner.AdditionalHandlers.Add(new SameOriginRedirectHandler(() => Math.Min(primary.MaxRedirections, state.Plan.MaxRedirections)));
        inner.AdditionalHandlers.Add(identity);
        inner.AdditionalHandlers.Add(injection);
        foreach (InnermostHandlerFactory factory in services.GetKeyedServices<InnermostHandlerFactory>(name))
        {
            inner.AdditionalHandlers.Add(factory(services));
        }

        HttpMessageHandler pipeline = inner.Build();

        // Another library's builder may put a handler between the two.
        identity.IsRightBeforeInjection = identity.InnerHandler == injection;
        return pipeline;
    }
}
