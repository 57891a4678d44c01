using McpIdentityHeaders;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes an HttpClient carry a signed assertion of its user's identity.</summary>
public static class IdentityAssertionHttpClientBuilderExtensions
{
    /// <summary>
    /// Puts a signed assertion of the user's identity on every request of this client, beside the identity headers or instead of them.
    /// </summary>
    /// <param name="builder">Any HttpClient's builder, an MCP client's among them.</param>
    /// <param name="configure">
    /// Sets the issuer and the keys, and changes the other settings. It runs again whenever they are made anew.
    /// </param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// It adds what AddClaimInjection adds, with settings of its own if it was not called. The handler stands right behind the injection
    /// handler. A request of an anonymous or unknown user, or to an origin that is not named, carries no assertion. Where none can be
    /// signed, sending throws a <see cref="ClaimInjectionException"/> before anything is sent. Calling it again adds settings and no second
    /// handler.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">The client has no name: every caller shares it, and it must carry no identity.</exception>
    /// <exception cref="OptionsValidationException">
    /// At start-up, or without a host at first use: the settings are invalid, or there is no key.
    /// </exception>
    public static IHttpClientBuilder AddIdentityAssertion(this IHttpClientBuilder builder, Action<IdentityAssertionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);

        return builder.AddIdentityAssertionCore(options => options.Configure(configure));
    }

    /// <summary>
    /// Puts a signed assertion of the user's identity on every request of this client, with settings that follow the configuration.
    /// </summary>
    /// <inheritdoc cref="AddIdentityAssertion(IHttpClientBuilder, Action{IdentityAssertionOptions})"/>
    /// <param name="builder">Any HttpClient's builder, an MCP client's among them.</param>
    /// <param name="section">
    /// Holds <see cref="IdentityAssertionOptions"/> by their names; <c>Keys</c> is a list of objects with a <c>PemFile</c> and, if it is
    /// not the key's usual one, an <c>Algorithm</c>. Read as strictly as a client's other settings. A change takes effect with the next
    /// request if it is valid.
    /// </param>
    public static IHttpClientBuilder AddIdentityAssertion(this IHttpClientBuilder builder, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(section);

        return builder.AddIdentityAssertionCore(options =>
        {
            var bound = new BoundSection(section);
            options.Configure(settings => IdentityAssertionSettings.Bind(bound.Read(), settings));

            // The assertion's options are part of the client's: one change makes one snapshot of all.
            options.Services.AddSingleton<IOptionsChangeTokenSource<ClaimInjectionOptions>>(
                new ConfigurationChangeTokenSource<ClaimInjectionOptions>(options.Name, section));
        });
    }

    private static IHttpClientBuilder AddIdentityAssertionCore(
        this IHttpClientBuilder builder, Action<OptionsBuilder<IdentityAssertionOptions>> configure)
    {
        builder.AddClaimInjection();
        if (!builder.Services.HasKeyed<IdentityAssertionState>(builder.Name))
        {
            AddClient(builder.Services, builder.Name);
        }

        configure(builder.Services.AddOptions<IdentityAssertionOptions>(builder.Name));
        return builder;
    }

    private static void AddClient(IServiceCollection services, string name)
    {
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<IdentityAssertionOptions>, IdentityAssertionOptionsValidator>());
        services.AddSingleton(new IdentityAssertionClientName(name));
        services.AddKeyedSingleton(name, static (provider, key) => new IdentityAssertionState(provider, (string)key!));
        services.AddKeyedSingleton<InnermostHandlerFactory>(name, static (_, _) => static _ => new IdentityAssertionHandler());

        // The header is the client's own, as its identity headers are: stripped, redacted, and no other header's name.
        services.AddOptions<ClaimInjectionOptions>(name).PostConfigure<IServiceProvider>((injection, provider) =>
            injection.Assertion = provider.GetRequiredKeyedService<IdentityAssertionState>(name).CreateHeader());
    }
}
