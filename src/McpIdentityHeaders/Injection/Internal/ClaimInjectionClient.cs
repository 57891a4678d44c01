using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// What the handlers of one client share, however often the factory makes new ones: the plan in force, and what is seen of it. No user's
/// state is in it.
/// </summary>
internal sealed class ClaimInjectionClient : IDisposable
{
    private readonly Reloadable<ClaimInjectionPlan>? _reloadable;
    private readonly ClaimInjectionPlan? _plan;
    private readonly ClaimInjectionMetrics? _metrics;
    private readonly OncePerOrigin _untrustedOrigins = new();
    private readonly OncePerOrigin _plainOrigins = new();
    private int _anyOriginWarned;
    private int _primaryWarned;
    private int _lifetimeLogged;

    private ClaimInjectionClient(string name, Reloadable<ClaimInjectionPlan> plan, ClaimInjectionMetrics metrics, ILogger logger)
    {
        Name = name;
        _reloadable = plan;
        _metrics = metrics;
        Logger = logger;
    }

    /// <summary>A client without a container: no name, no logs, no metrics, and settings that stay as they were given.</summary>
    internal ClaimInjectionClient(ClaimInjectionOptions options)
    {
        if (new ClaimInjectionOptionsValidator().Validate(name: null, options) is { Failed: true, FailureMessage: string failure })
        {
            throw new ArgumentException(failure, nameof(options));
        }

        Name = string.Empty;
        Logger = NullLogger.Instance;

        try
        {
            _plan = new ClaimInjectionPlan(Name, options, clientOrigins: []);
        }
        catch (OptionsValidationException exception)
        {
            throw new ArgumentException(exception.Message, nameof(options));
        }
    }

    internal string Name { get; }

    internal ILogger Logger { get; }

    internal ClaimInjectionPlan Plan => _plan ?? _reloadable!.Value;

    public void Dispose() => _reloadable?.Dispose();

    /// <summary>The client of that name in a container.</summary>
    internal static ClaimInjectionClient Create(IServiceProvider services, string name)
    {
        ILogger logger = services.GetService<ILoggerFactory>()?.CreateLogger(typeof(ClaimInjectionHandler)) ?? NullLogger.Instance;

        var plan = new Reloadable<ClaimInjectionPlan>(
            current => ClaimInjectionPlanFactory.Create(services, name, current),
            [
                .. OptionsChanges.Of<ClaimInjectionOptions>(services, name),
                .. OptionsChanges.Of<HttpClientTransportOptions>(services, name),
            ],
            changed: () => logger.SettingsChanged(name),
            refused: exception => logger.SettingsRefused(name, exception));

        return new ClaimInjectionClient(name, plan, services.GetRequiredService<ClaimInjectionMetrics>(), logger);
    }

    internal void Injected(Uri uri, ClaimInjectionPlan plan)
    {
        _metrics?.Injected(Name);

        if (plan.ServesAnyOriginUnsaid && _anyOriginWarned == 0 && Interlocked.Exchange(ref _anyOriginWarned, 1) == 0)
        {
            Logger.AnyOriginServed(Name);
        }

        if (Origin.IsPlainAndRemote(uri) && _plainOrigins.IsFirst(new Origin(uri)))
        {
            Logger.PlainHttp(Name, new Origin(uri));
        }

        if (Logger.IsEnabled(LogLevel.Debug))
        {
            Logger.HeadersInjected(Name, new Origin(uri));
        }
    }

    internal void NoIdentity() => _metrics?.NoIdentity(Name);

    internal void UntrustedOrigin(Uri? uri)
    {
        _metrics?.UntrustedOrigin(Name);

        if (uri is { IsAbsoluteUri: true } && _untrustedOrigins.IsFirst(new Origin(uri)))
        {
            Logger.UntrustedOrigin(Name, new Origin(uri));
        }
    }

    internal void Stripped(int headers) => _metrics?.StrippedOutbound(headers);

    internal void RedirectRefused() => _metrics?.RedirectRefused(Name);

    internal void UnknownPrimaryHandler(HttpMessageHandler? handler)
    {
        if (Interlocked.Exchange(ref _primaryWarned, 1) == 0)
        {
            Logger.UnknownPrimaryHandler(Name, handler?.GetType().Name);
        }
    }

    internal void ConnectionLifetimeUnlimited()
    {
        if (Interlocked.Exchange(ref _lifetimeLogged, 1) == 0)
        {
            Logger.ConnectionLifetimeUnlimited(Name);
        }
    }

    /// <summary>Makes the error for a request that is refused. The reason names no claim's value.</summary>
    internal ClaimInjectionException Reject(string reason)
    {
        _metrics?.Rejected(Name);
        string client = Name.Length == 0 ? "The request" : $"HttpClient '{Name}': the request";
        return new ClaimInjectionException($"{client} was not sent: {reason}.");
    }
}
