using McpIdentityHeaders.AspNetCore;
using McpIdentityHeaders.AspNetCore.Internal;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Authenticates users by signed identity assertions.</summary>
public static class IdentityAssertionAuthenticationBuilderExtensions
{
    private const int MaxDocumentLength = 1024 * 1024;

    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Adds the scheme <see cref="IdentityAssertionDefaults.AuthenticationScheme"/>.</summary>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="configure">Sets the issuer, the audience and the keys, and changes the other settings.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// A request without an assertion has no result: other schemes follow. One with a refused assertion ends with 401, for every endpoint
    /// and with every default scheme; the log says why. Where plain identity headers come beside the assertion, the assertion alone says
    /// who the user is, and they have to agree. The pipeline needs <c>UseAuthentication</c>, which a <c>WebApplication</c> adds by itself.
    /// Calling it again adds settings.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <exception cref="OptionsValidationException">At start-up: the settings are invalid.</exception>
    public static AuthenticationBuilder AddIdentityAssertion(
        this AuthenticationBuilder builder, Action<ReceivedAssertionOptions> configure) =>
        builder.AddIdentityAssertion(IdentityAssertionDefaults.AuthenticationScheme, configure);

    /// <summary>
    /// Adds the scheme <see cref="IdentityAssertionDefaults.AuthenticationScheme"/>, with settings that follow the configuration.
    /// </summary>
    /// <inheritdoc cref="AddIdentityAssertion(AuthenticationBuilder, Action{ReceivedAssertionOptions})"/>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="section">
    /// Holds <see cref="ReceivedAssertionOptions"/> by their names but <c>Keys</c>, read as strictly as a client's.
    /// </param>
    public static AuthenticationBuilder AddIdentityAssertion(this AuthenticationBuilder builder, IConfigurationSection section) =>
        builder.AddIdentityAssertion(IdentityAssertionDefaults.AuthenticationScheme, section);

    /// <summary>Adds a scheme of another name.</summary>
    /// <inheritdoc cref="AddIdentityAssertion(AuthenticationBuilder, Action{ReceivedAssertionOptions})"/>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="authenticationScheme">The scheme's name.</param>
    /// <param name="configure">Sets the issuer, the audience and the keys, and changes the other settings.</param>
    public static AuthenticationBuilder AddIdentityAssertion(
        this AuthenticationBuilder builder, string authenticationScheme, Action<ReceivedAssertionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);

        return builder.AddIdentityAssertionCore(authenticationScheme, options => options.Configure(configure));
    }

    /// <summary>Adds a scheme of another name, with settings that follow the configuration.</summary>
    /// <inheritdoc cref="AddIdentityAssertion(AuthenticationBuilder, Action{ReceivedAssertionOptions})"/>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="authenticationScheme">The scheme's name.</param>
    /// <param name="section">
    /// Holds <see cref="ReceivedAssertionOptions"/> by their names but <c>Keys</c>, read as strictly as a client's.
    /// </param>
    public static AuthenticationBuilder AddIdentityAssertion(
        this AuthenticationBuilder builder, string authenticationScheme, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);

        return builder.AddIdentityAssertionCore(
            authenticationScheme, options => options.ConfigureFrom(section, ReceivedAssertionSettings.Bind));
    }

    private static AuthenticationBuilder AddIdentityAssertionCore(
        this AuthenticationBuilder builder, string scheme, Action<OptionsBuilder<ReceivedAssertionOptions>> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(scheme);

        IServiceCollection services = builder.Services;
        if (!services.HasKeyed<IdentityAssertionScheme>(scheme))
        {
            AddBackchannel(services);
            services.AddMetrics();
            services.TryAddSingleton<IdentityHeadersMetrics>();
            services.TryAddEnumerable(
                ServiceDescriptor.Singleton<IValidateOptions<ReceivedAssertionOptions>, ReceivedAssertionOptionsValidator>());
            services.AddKeyedSingleton(scheme, static (provider, key) => new IdentityAssertionScheme(provider, (string)key!));
            services.AddSingleton(new IdentityAssertionSchemeName(scheme));
            services.AddSingleton(provider => new PrevailingScheme(
                scheme, header => provider.GetRequiredKeyedService<IdentityAssertionScheme>(scheme).Plan.IsAssertion(header)));
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, AuthenticationMiddlewareCheck>());
            ReceivedRequestFilter.AddTo(services);
            services.AddStartupCheck(scheme, provider => _ = provider.GetRequiredKeyedService<IdentityAssertionScheme>(scheme).Plan);
            builder.AddScheme<AuthenticationSchemeOptions, IdentityAssertionAuthenticationHandler>(scheme, configureOptions: null);
        }

        configure(services.AddOptions<ReceivedAssertionOptions>(scheme));
        return builder;
    }

    /// <summary>
    /// The client that fetches keys. Requests wait for it, and what it gets decides whom to believe: no redirect leads it elsewhere.
    /// </summary>
    private static void AddBackchannel(IServiceCollection services) => services
        .AddHttpClient(IdentityAssertionDefaults.AuthenticationScheme, client =>
        {
            client.MaxResponseContentBufferSize = MaxDocumentLength;
            client.Timeout = FetchTimeout;
        })
        .UseSocketsHttpHandler((handler, _) =>
        {
            handler.AllowAutoRedirect = false;
            handler.UseCookies = false;
            handler.PooledConnectionLifetime = ConnectionLifetime;
        });
}
