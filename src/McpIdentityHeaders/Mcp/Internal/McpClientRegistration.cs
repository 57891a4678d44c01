using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>One client that AddMcpClient registered, with the transport options in force.</summary>
internal sealed class McpClientRegistration : IDisposable
{
    private readonly Lazy<ClaimInjectionClient?> _claims;
    private readonly Reloadable<HttpClientTransportOptions> _transport;

    private McpClientRegistration(IServiceProvider services, string name, Reloadable<HttpClientTransportOptions> transport)
    {
        // Lazy: resolving it now would be circular, and at each use slow.
        _claims = new Lazy<ClaimInjectionClient?>(() => services.GetKeyedService<ClaimInjectionClient>(name));
        _transport = transport;
    }

    /// <summary>Gets the options. With claim injection they are those of its plan, since both change as one.</summary>
    internal HttpClientTransportOptions Transport => _claims.Value?.Plan.Transport ?? _transport.Value;

    public void Dispose() => _transport.Dispose();

    internal static McpClientRegistration Create(IServiceProvider services, string name)
    {
        ILogger logger = services.GetService<ILoggerFactory>()?.CreateLogger(typeof(IMcpClientFactory)) ?? NullLogger.Instance;

        var transport = new Reloadable<HttpClientTransportOptions>(
            _ => CreateTransport(services, name),
            OptionsChanges.Of<HttpClientTransportOptions>(services, name),
            changed: () => logger.SettingsChanged(name),
            refused: exception => logger.SettingsRefused(name, exception));

        return new McpClientRegistration(services, name, transport);
    }

    /// <summary>Creates the registered options. Their setters' errors name neither client nor remedy: add both.</summary>
    /// <exception cref="OptionsValidationException">The options are not valid.</exception>
    internal static HttpClientTransportOptions CreateTransport(IServiceProvider services, string name)
    {
        try
        {
            return services.GetRequiredService<IOptionsFactory<HttpClientTransportOptions>>().Create(name);
        }
        catch (ArgumentException invalid)
        {
            throw new OptionsValidationException(
                name,
                typeof(HttpClientTransportOptions),
                [$"MCP client '{name}': {invalid.Message} Correct what configures HttpClientTransportOptions for this client."]);
        }
    }
}
