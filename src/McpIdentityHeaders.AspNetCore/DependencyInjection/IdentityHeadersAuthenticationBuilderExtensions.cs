using McpIdentityHeaders.AspNetCore;
using McpIdentityHeaders.AspNetCore.Internal;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Authenticates users by the identity headers of a trusted peer.</summary>
public static class IdentityHeadersAuthenticationBuilderExtensions
{
    /// <summary>
    /// Adds the scheme <see cref="IdentityHeadersDefaults.AuthenticationScheme"/>, with settings from
    /// <c>Configure&lt;IdentityHeadersOptions&gt;("IdentityHeaders", …)</c>.
    /// </summary>
    /// <param name="builder">The authentication builder.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// A request without any identity header, or alias of one, has no result: other schemes follow. A request with headers from an
    /// untrusted peer ends with 401, and one with malformed headers with 400, for every endpoint and with every default scheme. The
    /// pipeline needs <c>UseAuthentication</c>, which a <c>WebApplication</c> adds by itself (without it, the host logs a warning as it
    /// starts); code before it (endpoints with <c>ShortCircuit</c>, request handlers of schemes added earlier) sees the request unchecked.
    /// Two schemes of this kind need headers of their own, unless both trust the same peers: each ends the requests that it does not trust.
    /// A shared name is logged as a warning at start-up. Calling it again adds settings.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <exception cref="OptionsValidationException">
    /// At start-up: the settings are invalid, or trust no peer to speak for users.
    /// </exception>
    public static AuthenticationBuilder AddIdentityHeaders(this AuthenticationBuilder builder) =>
        builder.AddIdentityHeadersCore(IdentityHeadersDefaults.AuthenticationScheme, static _ => { });

    /// <summary>Adds the scheme <see cref="IdentityHeadersDefaults.AuthenticationScheme"/>.</summary>
    /// <inheritdoc cref="AddIdentityHeaders(AuthenticationBuilder)"/>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="configure">Changes the settings, and sets which peers to trust.</param>
    public static AuthenticationBuilder AddIdentityHeaders(this AuthenticationBuilder builder, Action<IdentityHeadersOptions> configure) =>
        builder.AddIdentityHeaders(IdentityHeadersDefaults.AuthenticationScheme, configure);

    /// <summary>
    /// Adds the scheme <see cref="IdentityHeadersDefaults.AuthenticationScheme"/>, with settings that follow the configuration.
    /// </summary>
    /// <inheritdoc cref="AddIdentityHeaders(AuthenticationBuilder)"/>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="section">Holds <see cref="IdentityHeadersOptions"/> by their names, read as strictly as a client's.</param>
    public static AuthenticationBuilder AddIdentityHeaders(this AuthenticationBuilder builder, IConfigurationSection section) =>
        builder.AddIdentityHeaders(IdentityHeadersDefaults.AuthenticationScheme, section);

    /// <summary>Adds a scheme of another name.</summary>
    /// <inheritdoc cref="AddIdentityHeaders(AuthenticationBuilder)"/>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="authenticationScheme">The scheme's name.</param>
    /// <param name="configure">Changes the settings, and sets which peers to trust.</param>
    public static AuthenticationBuilder AddIdentityHeaders(
        this AuthenticationBuilder builder, string authenticationScheme, Action<IdentityHeadersOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);

        return builder.AddIdentityHeadersCore(authenticationScheme, options => options.Configure(configure));
    }

    /// <summary>Adds a scheme of another name, with settings that follow the configuration.</summary>
    /// <inheritdoc cref="AddIdentityHeaders(AuthenticationBuilder)"/>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="authenticationScheme">The scheme's name.</param>
    /// <param name="section">Holds <see cref="IdentityHeadersOptions"/> by their names, read as strictly as a client's.</param>
    public static AuthenticationBuilder AddIdentityHeaders(
        this AuthenticationBuilder builder, string authenticationScheme, IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);

        return builder.AddIdentityHeadersCore(
            authenticationScheme, options => options.ConfigureFrom(section, IdentityHeadersSettings.Bind));
    }

    private static AuthenticationBuilder AddIdentityHeadersCore(
        this AuthenticationBuilder builder, string scheme, Action<OptionsBuilder<IdentityHeadersOptions>> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(scheme);

        IServiceCollection services = builder.Services;
        if (!services.HasKeyed<IdentityHeadersScheme>(scheme))
        {
            services.AddMetrics();
            services.TryAddSingleton<IdentityHeadersMetrics>();
            services.TryAddEnumerable(
                ServiceDescriptor.Singleton<IValidateOptions<IdentityHeadersOptions>, IdentityHeadersOptionsValidator>());
            services.AddKeyedSingleton(scheme, static (provider, key) => new IdentityHeadersScheme(provider, (string)key!));
            services.AddSingleton(new IdentityHeadersSchemeName(scheme));
            services.TryAddSingleton<SharedSecretNames>();
            services.AddSingleton(new SharedSecretSource(
                provider => _ = provider.GetRequiredKeyedService<IdentityHeadersScheme>(scheme).Plan));
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, AuthenticationMiddlewareCheck>());
            ReceivedRequestFilter.AddTo(services);
            services.AddStartupCheck(scheme, provider => _ = provider.GetRequiredKeyedService<IdentityHeadersScheme>(scheme).Plan);
            builder.AddScheme<AuthenticationSchemeOptions, IdentityHeadersHandler>(scheme, configureOptions: null);
        }

        configure(services.AddOptions<IdentityHeadersOptions>(scheme));
        return builder;
    }
}
