using McpIdentityHeaders;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers MCP clients, which <see cref="IMcpClientFactory"/> connects and <see cref="IMcpClientPool"/> keeps.</summary>
public static class McpClientServiceCollectionExtensions
{
    // The lifetime that IHttpClientFactory itself gives to handlers.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    /// <summary>Registers the client named <see cref="McpClientDefaults.Name"/>.</summary>
    /// <param name="services">The services.</param>
    /// <returns>
    /// The builder of the HttpClient of the same name, for <c>AddClaimInjection</c> and for all that others have for HttpClients.
    /// </returns>
    /// <remarks>
    /// Without an endpoint here, it comes from <c>Configure&lt;HttpClientTransportOptions&gt;(name, …)</c> or from the HttpClient's
    /// <see cref="HttpClient.BaseAddress"/>. The SDK's <see cref="HttpClientTransportOptions"/> and <see cref="McpClientOptions"/> are
    /// options named by the client, copied for each session. Calling it again adds settings.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    public static IHttpClientBuilder AddMcpClient(this IServiceCollection services) =>
        services.AddMcpClientCore(McpClientDefaults.Name, static _ => { });

    /// <summary>Registers a client.</summary>
    /// <inheritdoc cref="AddMcpClient(IServiceCollection)"/>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name, which is its HttpClient's too.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static IHttpClientBuilder AddMcpClient(this IServiceCollection services, string name) =>
        services.AddMcpClientCore(name, static _ => { });

    /// <summary>Registers the client named <see cref="McpClientDefaults.Name"/> with its endpoint.</summary>
    /// <inheritdoc cref="AddMcpClient(IServiceCollection)"/>
    /// <param name="services">The services.</param>
    /// <param name="endpoint">The backend's MCP endpoint, an absolute http or https URI.</param>
    /// <exception cref="ArgumentException"><paramref name="endpoint"/> is not an absolute http or https URI.</exception>
    public static IHttpClientBuilder AddMcpClient(this IServiceCollection services, Uri endpoint) =>
        services.AddMcpClient(McpClientDefaults.Name, endpoint);

    /// <summary>Registers a client with its endpoint.</summary>
    /// <inheritdoc cref="AddMcpClient(IServiceCollection)"/>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name, which is its HttpClient's too.</param>
    /// <param name="endpoint">The backend's MCP endpoint, an absolute http or https URI.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="name"/> is empty, or <paramref name="endpoint"/> is not an absolute http or https URI.
    /// </exception>
    public static IHttpClientBuilder AddMcpClient(this IServiceCollection services, string name, Uri endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);

        if (!endpoint.IsAbsoluteUri || !Origin.IsHttp(endpoint))
        {
            throw new ArgumentException(
                $"The endpoint of the MCP client '{name}' is not an absolute http or https URI. Give one such as "
                + "'https://mcp.example.com/mcp'.",
                nameof(endpoint));
        }

        return services.AddMcpClientCore(name, options => options.Configure(transport => transport.Endpoint = endpoint));
    }

    /// <summary>Registers a client with transport options.</summary>
    /// <inheritdoc cref="AddMcpClient(IServiceCollection)"/>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name, which is its HttpClient's too.</param>
    /// <param name="configure">Sets the endpoint, unless it comes from elsewhere, and what else the SDK's transport has.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static IHttpClientBuilder AddMcpClient(
        this IServiceCollection services, string name, Action<HttpClientTransportOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);

        return services.AddMcpClientCore(name, options => options.Configure(configure));
    }

    /// <summary>Registers a client with transport options that follow the configuration.</summary>
    /// <inheritdoc cref="AddMcpClient(IServiceCollection)"/>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name, which is its HttpClient's too.</param>
    /// <param name="section">
    /// Holds <see cref="HttpClientTransportOptions"/> by their names, but for <c>OAuth</c>, which is set in code, and
    /// <see cref="McpClientPoolOptions"/> under <c>Pool</c>. Other settings in it are passed over, but a section that is missing or empty
    /// is refused. A change takes effect with the next session if it is valid; the pool replaces the sessions that were opened otherwise.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static IHttpClientBuilder AddMcpClient(this IServiceCollection services, string name, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);

        return services.AddMcpClientCore(name, options =>
        {
            options.ConfigureFrom(section, McpClientSettings.Bind);
            options.Services.AddOptions<McpClientPoolOptions>(name).ConfigureFrom(section, McpClientPoolSettings.Bind);
            options.Services.AddKeyedSingleton(name, new McpClientSection(section));
        });
    }

    private static IHttpClientBuilder AddMcpClientCore(
        this IServiceCollection services, string name, Action<OptionsBuilder<HttpClientTransportOptions>> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);

        IHttpClientBuilder builder = services.AddHttpClient(name);
        OptionsBuilder<HttpClientTransportOptions> options = services.AddOptions<HttpClientTransportOptions>(name);

        if (!services.HasKeyed<McpClientRegistration>(name))
        {
            services.AddIdentityCore(name);
            AddFactoryAndPool(services);
            services.AddSingleton(new McpClientName(name));
            services.AddKeyedSingleton(name, new ConnectionLifetimeLimit(ConnectionLifetime));
            services.AddKeyedSingleton(name, static (provider, key) =>
            {
                var settings = provider.GetRequiredKeyedService<ClientSettings>(key);
                return new McpClientRegistration(() => settings.Snapshot.Transport);
            });
            services.AddKeyedSingleton(name, static (provider, key) =>
            {
                var settings = provider.GetRequiredKeyedService<ClientSettings>(key);
                return new McpClientPoolRegistration(() => settings.Snapshot.PoolOptions, changed => settings.Changed += changed);
            });
            options.Validate(
                static transport => transport.KnownSessionId is null,
                $"MCP client '{name}': KnownSessionId is set on a registered client: all of its sessions would be the same one. Leave it "
                + "null; to resume a session, make an HttpClientTransport of your own and call McpClient.ResumeSessionAsync.");
        }

        configure(options);
        return builder;
    }

    private static void AddFactoryAndPool(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<McpClientFactory>();
        services.TryAddSingleton<IMcpClientFactory>(static provider => provider.GetRequiredService<McpClientFactory>());

        services.TryAddSingleton<McpClientPool>();
        services.TryAddSingleton<IMcpClientPool>(static provider => provider.GetRequiredService<McpClientPool>());
        services.TryAddSingleton<McpClientPoolMetrics>();
        services.TryAddSingleton<IToolLists, ToolLists>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<McpClientPoolOptions>, McpClientPoolOptionsValidator>());

        services.TryAddSingleton<McpClientPoolShutdown>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, McpClientPoolShutdown>(
            static provider => provider.GetRequiredService<McpClientPoolShutdown>()));
    }
}
