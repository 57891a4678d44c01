using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The state that all handlers of one scheme share: the plan in force, used ids, metrics and logger.</summary>
internal sealed class IdentityAssertionScheme : IDisposable
{
    private readonly IServiceProvider _services;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LogRate _rate;
    private readonly IdentityHeadersMetrics _metrics;
    private readonly Lazy<UsedAssertions?> _used;
    private readonly Lazy<IdentityHeadersScheme[]> _plainSchemes;
    private readonly Reloadable<ReceivedAssertionPlan> _plan;

    internal IdentityAssertionScheme(IServiceProvider services, string name)
    {
        _services = services;
        _name = name;
        _time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("McpIdentityHeaders.AspNetCore.IdentityAssertion");
        _rate = new LogRate(_time);
        _metrics = services.GetRequiredService<IdentityHeadersMetrics>();
        _used = new Lazy<UsedAssertions?>(
            () => services.GetService<IDistributedCache>() is { } cache ? new UsedAssertions(cache, _time) : null);
        _plainSchemes = new Lazy<IdentityHeadersScheme[]>(() => IdentityHeadersScheme.GetAll(services));
        _plan = new Reloadable<ReceivedAssertionPlan>(
            CreatePlan,
            OptionsChanges.Of<ReceivedAssertionOptions>(services, name),
            changed: () => _logger.SettingsChanged(name),
            rejected: exception => _logger.SettingsRefused(name, exception));
    }

    /// <exception cref="OptionsValidationException">The options are not valid, and never were.</exception>
    internal ReceivedAssertionPlan Plan => _plan.Value;

    /// <summary>Gets the ids that were used.</summary>
    internal UsedAssertions Used => _used.Value!;

    internal TimeProvider Time => _time;

    /// <summary>Gets the plans of all schemes of plain headers: what such a scheme reads has to agree with an assertion too.</summary>
    internal IEnumerable<IdentityHeadersPlan> GetPlainSchemes() => _plainSchemes.Value.Select(scheme => scheme.Plan);

    public void Dispose() => _plan.Dispose();

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

    private ReceivedAssertionPlan CreatePlan(ReceivedAssertionPlan? current)
    {
        ReceivedAssertionOptions options = _services.GetRequiredService<IOptionsFactory<ReceivedAssertionOptions>>().Create(_name);
        string[] errors = [.. GetErrors(options).Select(error => $"Authentication scheme '{_name}': {error}")];
        if (errors.Length > 0)
        {
            throw new OptionsValidationException(_name, typeof(ReceivedAssertionOptions), errors);
        }

        VerificationKeys keys = GetKeys(options, current?.Keys);
        return new ReceivedAssertionPlan(
            options,
            keys,
            AssertionProfile.Find(options.Profile) is { IsLoadBalancer: true }
                ? new LoadBalancerVerifier(_name, options, keys, _time)
                : new AssertionVerifier(_name, options, keys, _time));
    }

    /// <summary>Gets what the options alone cannot show.</summary>
    private IEnumerable<string> GetErrors(ReceivedAssertionOptions options)
    {
        if (options.RequireBinding && _used.Value is null)
        {
            yield return "RequireBinding is set, and no IDistributedCache is registered to remember what was used. Call "
                + "services.AddDistributedMemoryCache() on one machine, or register a cache that all replicas share.";
        }

        foreach (IdentityAssertionSchemeName other in _services.GetServices<IdentityAssertionSchemeName>())
        {
            if (other.Value != _name && IsReadBy(options.HeaderName, () => [GetCurrentHeaderName(other.Value)]))
            {
                yield return $"it reads the header '{options.HeaderName}', and so does the scheme '{other.Value}'. Each would refuse the "
                    + "other's assertions. Give each issuer a header of its own: set HeaderName of one, at its sender too.";
            }
        }

        if (IsReadBy(options.HeaderName, () => GetPlainSchemes().SelectMany(plan => plan.HeaderNames)))
        {
            yield return $"it reads the header '{options.HeaderName}', and so does a scheme of plain headers. Take it out of Headers and "
                + "SharedSecrets there, or set HeaderName, at its sender too.";
        }
    }

    private static bool IsReadBy(string headerName, Func<IEnumerable<string>> getHeaderNames)
    {
        try
        {
            return getHeaderNames().Any(other => HeaderAlias.EqualsLeniently(headerName, other));
        }
        catch (Exception)
        {
            // That scheme reports it, and must not keep this one's settings from taking effect.
            return false;
        }
    }

    /// <summary>Reads another scheme's options: its plan may be in the making, and wait for this one's.</summary>
    private string GetCurrentHeaderName(string scheme) =>
        _services.GetRequiredService<IOptionsFactory<ReceivedAssertionOptions>>().Create(scheme).HeaderName;

    private VerificationKeys GetKeys(ReceivedAssertionOptions options, VerificationKeys? current)
    {
        AssertionProfile? profile = AssertionProfile.Find(options.Profile);
        if (options.Keys.Count > 0)
        {
            return new GivenKeys(options.Keys, options.ClockSkew, _time);
        }

        // A change of other settings must not lose what was fetched: the issuer may be away just then.
        Uri address = options.KeySetUri ?? options.Authority ?? profile!.GetKeySetUri(options);
        if (profile is { IsLoadBalancer: true })
        {
            return current is LoadBalancerKeys known && known.Identity == (address, options.KeyRefreshInterval)
                ? known
                : new LoadBalancerKeys(_name, address, options.KeyRefreshInterval, CreateBackchannel(), _time, _logger);
        }

        bool isKeySet = options.Authority is null;
        if (current is FetchedKeys fetched && fetched.Source == (address, isKeySet))
        {
            fetched.SetRefreshInterval(options.KeyRefreshInterval);
            return fetched;
        }

        return new FetchedKeys(_name, address, isKeySet, options.KeyRefreshInterval, CreateBackchannel(), _time, _logger);
    }

    private HttpClient CreateBackchannel() =>
        _services.GetRequiredService<IHttpClientFactory>().CreateClient(IdentityAssertionDefaults.AuthenticationScheme);
}
