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
        HttpClientTransportOptions transport = CreateTransport(services, name);
        ClaimInjector? injector = services.GetKeyedService<ClaimInjectionState>(name) is { } state
            ? new ClaimInjector(ClaimInjectionPlanFactory.Create(services, name, transport.Endpoint, current?.Injector?.Plan), state.Telemetry)
            : null;

        return new ClientSnapshot(injector, transport, services.GetRequiredService<IOptionsFactory<McpClientPoolOptions>>().Create(name));
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
