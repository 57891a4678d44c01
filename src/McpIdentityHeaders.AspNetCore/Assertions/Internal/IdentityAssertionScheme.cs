using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The state that all handlers of one scheme share.</summary>
internal sealed class IdentityAssertionScheme
{
    private readonly IdentityHeadersMetrics _metrics;
    private readonly ILogger _logger;
    private readonly LogRate _rate;
    private readonly string _name;

    internal IdentityAssertionScheme(IServiceProvider services, string name)
    {
        TimeProvider time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _name = name;
        _rate = new LogRate(time);
        _metrics = services.GetRequiredService<IdentityHeadersMetrics>();
        _logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("McpIdentityHeaders.AspNetCore.IdentityAssertion");
        Options = services.GetRequiredService<IOptionsFactory<ReceivedAssertionOptions>>().Create(name);
        Verifier = new AssertionVerifier(
            name, Options, services.GetRequiredService<IHttpClientFactory>().CreateClient(IdentityAssertionDefaults.AuthenticationScheme), time);
        Headers = new PlainHeaders(Options.Headers, Options.Encoding);
        if (!Options.RequireBinding)
        {
            return;
        }

        Binding = new BindingCheck(Options.PublicOrigin);
        Used = new UsedAssertions(services.GetService<IDistributedCache>() ?? throw new OptionsValidationException(
            name,
            typeof(ReceivedAssertionOptions),
            [
                $"Authentication scheme '{name}': RequireBinding is set, and no IDistributedCache is registered to remember what was used. Call "
                + "services.AddDistributedMemoryCache() on one machine, or register a cache that all replicas share.",
            ]));
    }

    internal ReceivedAssertionOptions Options { get; }

    internal AssertionVerifier Verifier { get; }

    internal PlainHeaders Headers { get; }

    /// <summary>Gets what checks the binding; null where none is required.</summary>
    internal BindingCheck? Binding { get; }

    /// <summary>Gets the ids that were used; null where no binding is required.</summary>
    internal UsedAssertions? Used { get; }

    internal void Accepted() => _metrics.Accepted();

    internal void Refused(string peer, string error)
    {
        _metrics.Malformed();
        if (_rate.TryTake(out long leftOut))
        {
            if (leftOut > 0)
            {
                _logger.RefusalsLeftOut(_name, leftOut);
            }

            _logger.AssertionRefused(_name, peer, error);
        }
    }
}
