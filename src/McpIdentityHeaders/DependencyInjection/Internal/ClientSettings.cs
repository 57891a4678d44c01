using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>The settings of one client, which follow the configuration.</summary>
internal sealed class ClientSettings : IDisposable
{
    private readonly Reloadable<ClientSnapshot> _snapshot;

    internal ClientSettings(IServiceProvider services, string name)
    {
        bool injects = services.GetServices<ClaimInjectionClientName>().Any(client => client.Value == name);
        ILogger logger = services.GetService<ILoggerFactory>()?.CreateLogger(injects ? typeof(ClaimInjectionHandler) : typeof(IMcpClientFactory))
            ?? NullLogger.Instance;
        _snapshot = new Reloadable<ClientSnapshot>(
            current => CreateSnapshot(services, name, current),
            GetChangeSources(services, name),
            changed: () =>
            {
                logger.SettingsChanged(name);
                Changed?.Invoke();
            },
            rejected: exception => logger.SettingsRefused(name, exception));
    }

    /// <summary>Raised when a new snapshot is in force.</summary>
    internal event Action? Changed;

    /// <summary>Gets the settings in force.</summary>
    /// <exception cref="OptionsValidationException">They are not valid, and never were.</exception>
    internal ClientSnapshot Snapshot => _snapshot.Value;

    public void Dispose() => _snapshot.Dispose();

    // Sections of one configuration share its token: one change of it is one reload.
    private static IEnumerable<Func<IChangeToken>> GetChangeSources(IServiceProvider services, string name) =>
        OptionsChanges.Of<ClaimInjectionOptions>(services, name)
            .Concat(OptionsChanges.Of<HttpClientTransportOptions>(services, name))
            .Concat(OptionsChanges.Of<McpClientPoolOptions>(services, name))
            .DistinctBy(source => source());

    private static ClientSnapshot CreateSnapshot(IServiceProvider services, string name, ClientSnapshot? current)
    {
        List<Exception> errors = [];
        HttpClientTransportOptions? transport = Try(() => CreateTransport(services, name), errors);
        McpClientPoolOptions? pool = Try(() => services.GetRequiredService<IOptionsFactory<McpClientPoolOptions>>().Create(name), errors);
        ClaimInjectionState? state = services.GetKeyedService<ClaimInjectionState>(name);
        ClaimInjectionPlan? plan = state is null ? null : Try(() => CreatePlan(services, name, transport, current?.Injector?.Plan), errors);

        if (transport is not null
            && services.GetKeyedService<McpClientRegistration>(name) is not null
            && McpEndpoint.IsMissing(services, name, transport))
        {
            errors.Add(new InvalidOperationException(McpEndpoint.DescribeMissing(services, name)));
        }

        ThrowIfAny(errors, name);
        return new ClientSnapshot(state is null ? null : new ClaimInjector(plan!, state.Telemetry), transport!, pool!);
    }

    /// <param name="services">The container.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="transport">The transport options; null where they are invalid.</param>
    /// <param name="current">The plan in force.</param>
    private static ClaimInjectionPlan? CreatePlan(
        IServiceProvider services, string name, HttpClientTransportOptions? transport, ClaimInjectionPlan? current)
    {
        if (transport is null)
        {
            // The endpoint is unknown, and so are the origins. Other errors are still found.
            services.GetRequiredService<IOptionsFactory<ClaimInjectionOptions>>().Create(name);
            return null;
        }

        return ClaimInjectionPlanFactory.Create(services, name, transport.Endpoint, current);
    }

    private static T? Try<T>(Func<T?> factory, List<Exception> errors)
        where T : class
    {
        try
        {
            return factory();
        }
        catch (Exception exception)
        {
            errors.Add(exception);
            return null;
        }
    }

    /// <summary>Throws the one error as it is, and several as one that has all their messages.</summary>
    private static void ThrowIfAny(List<Exception> errors, string name)
    {
        string[] messages =
        [
            .. errors.SelectMany(error => error is OptionsValidationException invalid ? invalid.Failures : [error.Message]).Distinct(),
        ];

        // A section that is bound twice reports its errors twice.
        if (errors.Count == 1 || messages.Length == 1)
        {
            ExceptionDispatchInfo.Throw(errors[0]);
        }

        if (errors.Count > 0)
        {
            throw new OptionsValidationException(name, typeof(ClientSnapshot), messages);
        }
    }

    /// <summary>Makes the registered options anew. Their setters throw errors that name neither the client nor the fix.</summary>
    private static HttpClientTransportOptions CreateTransport(IServiceProvider services, string name)
    {
        try
        {
            return services.GetRequiredService<IOptionsFactory<HttpClientTransportOptions>>().Create(name);
        }
        catch (ArgumentException exception)
        {
            throw new OptionsValidationException(
                name,
                typeof(HttpClientTransportOptions),
                [$"MCP client '{name}': {exception.Message} Correct what configures HttpClientTransportOptions for this client."]);
        }
    }
}
