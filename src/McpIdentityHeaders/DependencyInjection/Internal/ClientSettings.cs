using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
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
        ILogger logger = services.CreateLogger(injects ? typeof(ClaimInjectionHandler) : typeof(IMcpClientFactory));
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
        var transport = OptionsSteps.Create<HttpClientTransportOptions>(services, name, errors);

        // Code that failed may have been about to set one.
        bool mayBeMissing = !errors.Exists(error => error is ArgumentException);
        errors = [.. errors.Select(error => DescribeTransportError(error, name))];
        bool isEndpointCertain = transport.Endpoint is not null || errors.Count == 0;
        var pool = OptionsSteps.Create<McpClientPoolOptions>(services, name, errors);
        ClaimInjectionState? state = services.GetKeyedService<ClaimInjectionState>(name);
        bool isEndpointMissing = mayBeMissing
            && services.GetKeyedService<McpClientRegistration>(name) is not null
            && McpEndpoint.IsMissing(services, name, transport);

        // A missing endpoint is one error: that no origin is known follows from it.
        ClaimInjectionPlan? plan = state is null
            ? null
            : CreatePlan(services, name, transport.Endpoint, isEndpointCertain && !isEndpointMissing, current?.Injector?.Plan, errors);

        if (isEndpointMissing)
        {
            errors.Add(new InvalidOperationException(McpEndpoint.DescribeMissing(services, name)));
        }

        ThrowIfAny(errors, name);
        return new ClientSnapshot(state is null ? null : new ClaimInjector(plan!, state.Telemetry), transport, pool);
    }

    /// <summary>Makes the plan. Without a certain endpoint, the origins are unknown, and only other errors are found.</summary>
    private static ClaimInjectionPlan? CreatePlan(
        IServiceProvider services, string name, Uri? endpoint, bool isEndpointCertain, ClaimInjectionPlan? current, List<Exception> errors)
    {
        int others = errors.Count;
        var options = OptionsSteps.Create<ClaimInjectionOptions>(services, name, errors);
        ClaimInjectionPlan? plan = null;
        if (errors.Count == others && isEndpointCertain)
        {
            OptionsSteps.Try(() => plan = ClaimInjectionPlanFactory.Create(services, name, options, endpoint, current), errors);
        }

        return plan;
    }

    /// <summary>Throws the one error as it is, and several as one that has all their messages.</summary>
    private static void ThrowIfAny(List<Exception> errors, string name)
    {
        string[] messages =
        [
            .. errors.SelectMany(error => (error as OptionsValidationException)?.Failures ?? [error.Message]).Distinct(),
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

    /// <summary>Describes an error of the SDK's setters, which names neither the client nor the fix.</summary>
    private static Exception DescribeTransportError(Exception error, string name) => error is ArgumentException
        ? new OptionsValidationException(
            name,
            typeof(HttpClientTransportOptions),
            [$"MCP client '{name}': {error.Message} Correct what configures HttpClientTransportOptions for this client."])
        : error;
}
