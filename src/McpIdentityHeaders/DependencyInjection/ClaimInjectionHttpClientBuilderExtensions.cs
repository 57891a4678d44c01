using McpIdentityHeaders;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes an HttpClient carry its user's identity.</summary>
public static class ClaimInjectionHttpClientBuilderExtensions
{
    /// <summary>Puts the user's identity headers on every request of this client, with the default settings.</summary>
    /// <param name="builder">Any HttpClient's builder, an MCP client's among them.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// The handlers stand innermost, whatever else is added before or after. The primary handler's redirects and cookies are turned off:
    /// this library's handler follows redirects. Calling it again adds settings and no second set of handlers.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">The client has no name: every caller shares it, and it must carry no identity.</exception>
    public static IHttpClientBuilder AddClaimInjection(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        return builder.AddClaimInjectionCore(static _ => { });
    }

    /// <summary>Puts the user's identity headers on every request of this client.</summary>
    /// <inheritdoc cref="AddClaimInjection(IHttpClientBuilder)"/>
    /// <param name="builder">Any HttpClient's builder, an MCP client's among them.</param>
    /// <param name="configure">Changes the settings. It runs again whenever they are made anew.</param>
    public static IHttpClientBuilder AddClaimInjection(this IHttpClientBuilder builder, Action<ClaimInjectionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);

        return builder.AddClaimInjectionCore(options => options.Configure(configure));
    }

    /// <summary>Puts the user's identity headers on every request of this client, with settings that follow the configuration.</summary>
    /// <inheritdoc cref="AddClaimInjection(IHttpClientBuilder)"/>
    /// <param name="builder">Any HttpClient's builder, an MCP client's among them.</param>
    /// <param name="section">
    /// Holds <see cref="ClaimInjectionOptions"/> by their names. Headers in it are added to the default three. An unknown setting, or one
    /// that is empty or of another type is refused, and so is a section that is missing or empty. A change takes effect with the next
    /// request if it is valid; a section that vanishes is no valid change.
    /// </param>
    public static IHttpClientBuilder AddClaimInjection(this IHttpClientBuilder builder, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(section);

        return builder.AddClaimInjectionCore(options => options.ConfigureFrom(section, ClaimInjectionSettings.Bind));
    }

    private static IHttpClientBuilder AddClaimInjectionCore(
        this IHttpClientBuilder builder, Action<OptionsBuilder<ClaimInjectionOptions>> configure)
    {
        if (string.IsNullOrEmpty(builder.Name))
        {
            throw new ArgumentException(
                "AddClaimInjection needs a client with a name of its own. The defaults of all clients and the client without a name are "
                + "shared by every caller, and must not carry identities. Call it on AddMcpClient(…), or on AddHttpClient(\"name\").",
                nameof(builder));
        }

        IServiceCollection services = builder.Services;
        if (!services.HasKeyed<ClaimInjectionState>(builder.Name))
        {
            AddClient(services, builder.Name);
        }

        configure(services.AddOptions<ClaimInjectionOptions>(builder.Name));
        return builder;
    }

    private static void AddClient(IServiceCollection services, string name)
    {
        services.AddIdentityCore(name);
        services.TryAddSingleton<ClaimInjectionMetrics>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClaimInjectionOptions>, ClaimInjectionOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HttpClientFactoryOptions>, PipelineValidator>());
        services.AddSingleton(new ClaimInjectionClientName(name));
        services.AddKeyedSingleton(name, static (provider, key) => CreateState(provider, (string)key!));
        services.TryAddSingleton<SharedSecretNames>();
        services.AddSingleton(new SharedSecretSource(provider => _ = provider.GetRequiredKeyedService<ClaimInjectionState>(name).Plan));

        // After the user's own: identity headers are redacted besides what RedactLoggedHeaders names, whatever the order.
        services.AddOptions<HttpClientFactoryOptions>(name)
            .PostConfigure<IServiceProvider>((options, provider) =>
            {
                // Kept once it is found: sessions are still closed when the container gives nothing any more.
                var state = new Lazy<ClaimInjectionState>(() => provider.GetRequiredKeyedService<ClaimInjectionState>(name));
                Func<string, bool> others = options.ShouldRedactHeaderValue;
                options.ShouldRedactHeaderValue = header => state.Value.Plan.IsRedacted(header) || others(header);
            })
            .Validate(
                _ => services.Last(service => service.ServiceType == typeof(IIdentityAccessor) && !service.IsKeyedService).Lifetime
                    == ServiceLifetime.Singleton,
                $"HttpClient '{name}': IIdentityAccessor is not registered as a singleton. The client's handlers outlive every scope, and "
                + "would keep one scope's user for all. Register it with AddSingleton, and have it read ambient state at each call.");
    }

    private static ClaimInjectionState CreateState(IServiceProvider services, string name)
    {
        var telemetry = new ClaimInjectionTelemetry(
            name, services.CreateLogger(typeof(ClaimInjectionHandler)), services.GetRequiredService<ClaimInjectionMetrics>());
        var settings = services.GetRequiredKeyedService<ClientSettings>(name);
        return new ClaimInjectionState(telemetry, () => settings.Snapshot.Injector!);
    }
}
