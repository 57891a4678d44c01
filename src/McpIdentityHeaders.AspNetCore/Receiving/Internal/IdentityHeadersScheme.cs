using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The state that all handlers of one scheme share: the plan in force, metrics and logger.</summary>
internal sealed class IdentityHeadersScheme(IServiceProvider services, string name) : IDisposable
{
    private readonly IdentityHeadersMetrics _metrics = services.GetRequiredService<IdentityHeadersMetrics>();
    private readonly ILogger _logger = GetLogger(services);
    private readonly Reloadable<IdentityHeadersPlan> _plan = new(
        _ => new IdentityHeadersPlan(name, services.GetRequiredService<IOptionsFactory<IdentityHeadersOptions>>().Create(name)),
        OptionsChanges.Of<IdentityHeadersOptions>(services, name),
        changed: () => GetLogger(services).SettingsChanged(name),
        rejected: exception => GetLogger(services).SettingsRefused(name, exception));

    /// <exception cref="OptionsValidationException">The options are not valid, and never were.</exception>
    internal IdentityHeadersPlan Plan => _plan.Value;

    public void Dispose() => _plan.Dispose();

    internal void Accepted() => _metrics.Accepted();

    internal void UntrustedPeer(string peer, string error)
    {
        _metrics.UntrustedPeer();
        _logger.UntrustedPeer(name, peer, error);
    }

    internal void Malformed(string peer, string error)
    {
        _metrics.Malformed();
        _logger.MalformedHeaders(name, peer, error);
    }

    private static ILogger GetLogger(IServiceProvider services) =>
        services.GetRequiredService<ILoggerFactory>().CreateLogger("McpIdentityHeaders.AspNetCore.IdentityHeaders");
}
