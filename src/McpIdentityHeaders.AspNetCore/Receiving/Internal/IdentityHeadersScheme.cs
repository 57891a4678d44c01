using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The state that all handlers of one scheme share: the plan in force, metrics and logger.</summary>
internal sealed class IdentityHeadersScheme : IDisposable
{
    private readonly string _name;
    private readonly Reloadable<IdentityHeadersPlan> _plan;
    private readonly IdentityHeadersMetrics _metrics;
    private readonly ILogger _logger;

    private IdentityHeadersScheme(string name, Reloadable<IdentityHeadersPlan> plan, IdentityHeadersMetrics metrics, ILogger logger)
    {
        _name = name;
        _plan = plan;
        _metrics = metrics;
        _logger = logger;
    }

    /// <exception cref="OptionsValidationException">The options are not valid, and never were.</exception>
    internal IdentityHeadersPlan Plan => _plan.Value;

    internal static IdentityHeadersScheme Create(IServiceProvider services, string name)
    {
        ILogger logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("McpIdentityHeaders.AspNetCore.IdentityHeaders");
        var plan = new Reloadable<IdentityHeadersPlan>(
            _ => new IdentityHeadersPlan(name, services.GetRequiredService<IOptionsFactory<IdentityHeadersOptions>>().Create(name)),
            OptionsChanges.Of<IdentityHeadersOptions>(services, name),
            changed: () => logger.SettingsChanged(name),
            rejected: exception => logger.SettingsRefused(name, exception));

        return new IdentityHeadersScheme(name, plan, services.GetRequiredService<IdentityHeadersMetrics>(), logger);
    }

    public void Dispose() => _plan.Dispose();

    internal void Accepted() => _metrics.Accepted();

    internal void UntrustedPeer(string peer, string error)
    {
        _metrics.UntrustedPeer();
        _logger.UntrustedPeer(_name, peer, error);
    }

    internal void Malformed(string peer, string error)
    {
        _metrics.Malformed();
        _logger.MalformedHeaders(_name, peer, error);
    }
}
