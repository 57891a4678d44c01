using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The state that all handlers of one scheme share: the plan in force, metrics and logger.</summary>
internal sealed class IdentityHeadersScheme(IServiceProvider services, string name) : IDisposable
{
    internal const string LogCategory = "McpIdentityHeaders.AspNetCore.IdentityHeaders";

    private readonly IdentityHeadersMetrics _metrics = services.GetRequiredService<IdentityHeadersMetrics>();
    private readonly ILogger _logger = GetLogger(services);
    private readonly LogRate _untrustedRate = new(GetTime(services));
    private readonly LogRate _malformedRate = new(GetTime(services));
    private readonly Reloadable<IdentityHeadersPlan> _plan = new(
        current => CreatePlan(services, name, current),
        OptionsChanges.Of<IdentityHeadersOptions>(services, name),
        changed: () => GetLogger(services).SettingsChanged(name),
        rejected: exception => GetLogger(services).SettingsRefused(name, exception));

    internal string Name => name;

    /// <exception cref="OptionsValidationException">The options are not valid, and never were.</exception>
    internal IdentityHeadersPlan Plan => _plan.Value;

    public void Dispose() => _plan.Dispose();

    /// <summary>Gets all schemes of an application.</summary>
    internal static IdentityHeadersScheme[] GetAll(IServiceProvider services) =>
    [
        .. services.GetServices<IdentityHeadersSchemeName>()
            .Select(scheme => services.GetRequiredKeyedService<IdentityHeadersScheme>(scheme.Value)),
    ];

    internal void Accepted() => _metrics.Accepted();

    internal void UntrustedPeer(string peer, string error)
    {
        _metrics.UntrustedPeer();
        if (_untrustedRate.TryTake(out long leftOut))
        {
            LogLeftOut(leftOut);
            _logger.UntrustedPeer(name, peer, error);
        }
    }

    internal void Malformed(string peer, string error)
    {
        _metrics.Malformed();
        if (_malformedRate.TryTake(out long leftOut))
        {
            LogLeftOut(leftOut);
            _logger.MalformedHeaders(name, peer, error);
        }
    }

    private void LogLeftOut(long refusals)
    {
        if (refusals > 0)
        {
            _logger.RefusalsLeftOut(name, refusals);
        }
    }

    private static IdentityHeadersPlan CreatePlan(IServiceProvider services, string name, IdentityHeadersPlan? current)
    {
        if (OptionsSources.GetError(services) is { } error)
        {
            throw new OptionsValidationException(name, typeof(IdentityHeadersOptions), [$"Authentication scheme '{name}': {error}"]);
        }

        IdentityHeadersOptions options = services.GetRequiredService<IOptionsFactory<IdentityHeadersOptions>>().Create(name);
        var plan = new IdentityHeadersPlan(name, options);
        services.GetRequiredService<SharedSecretNames>().Add(options.SharedSecrets.Select(secret => secret.HeaderName));
        ILogger logger = GetLogger(services);
        foreach (string warning in plan.Warnings.Except(current?.Warnings ?? []))
        {
            logger.MapDoesNotFit(name, warning);
        }

        bool readsOtherHeaders = current is null || !plan.HeaderNames.SequenceEqual(current.HeaderNames);
        if (readsOtherHeaders && FindSharedHeader(services, name, plan) is { } shared)
        {
            logger.MapDoesNotFit(name, shared);
        }

        string? empty = options.TrustedPeers.Count == 0 ? nameof(options.TrustedPeers)
            : options.SharedSecrets.Count == 0 ? nameof(options.SharedSecrets)
            : null;
        if (current is null && empty is not null && OptionsSources.HasBinder(services, name))
        {
            logger.BinderIgnoresNames(name, empty);
        }

        return plan;
    }

    /// <summary>Describes a header that another scheme reads too. Schemes that trust the same peers may share it.</summary>
    private static string? FindSharedHeader(IServiceProvider services, string name, IdentityHeadersPlan plan)
    {
        foreach (string other in services.GetServices<IdentityHeadersSchemeName>().Select(scheme => scheme.Value))
        {
            if (other != name && GetHeaderNames(services, other).FirstOrDefault(plan.IsIdentityHeader) is { } headerName)
            {
                return $"it reads the header '{headerName}', and so does the scheme '{other}'. Each ends the requests that it does not "
                    + "trust, though the other does. Unless both trust the same peers, give each headers of its own: change Headers or "
                    + "SharedSecrets of one, at its sender too";
            }
        }

        return null;
    }

    /// <summary>Reads another scheme's options: its plan may be in the making, and wait for this one's.</summary>
    private static IEnumerable<string> GetHeaderNames(IServiceProvider services, string scheme)
    {
        try
        {
            var options = services.GetRequiredService<IOptionsFactory<IdentityHeadersOptions>>().Create(scheme);
            return new IdentityHeadersPlan(scheme, options).HeaderNames;
        }
        catch (Exception)
        {
            // That scheme reports it, and must not keep this one's settings from taking effect.
            return [];
        }
    }

    private static TimeProvider GetTime(IServiceProvider services) => services.GetService<TimeProvider>() ?? TimeProvider.System;

    private static ILogger GetLogger(IServiceProvider services) =>
        services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory);
}
