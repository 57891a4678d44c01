using McpIdentityHeaders.AspNetCore;
using McpIdentityHeaders.AspNetCore.Internal;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Authenticates users by signed identity assertions.</summary>
public static class IdentityAssertionAuthenticationBuilderExtensions
{
    private const int MaxDocumentLength = 1024 * 1024;

    /// <summary>Adds the scheme <see cref="IdentityAssertionDefaults.AuthenticationScheme"/>.</summary>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="configure">Sets the issuer, the audience and the keys, and changes the other settings.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// A request without an assertion has no result: other schemes follow. One whose assertion is refused ends with 401, for every endpoint and
    /// with every default scheme; the log says why. Where plain identity headers come beside the assertion, the assertion alone says who the user
    /// is, and they have to agree. The pipeline needs <c>UseAuthentication</c>, which a <c>WebApplication</c> adds by itself. Calling it again
    /// adds settings.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <exception cref="OptionsValidationException">At start-up: the settings are invalid.</exception>
    public static AuthenticationBuilder AddIdentityAssertion(this AuthenticationBuilder builder, Action<ReceivedAssertionOptions> configure) =>
        builder.AddIdentityAssertion(IdentityAssertionDefaults.AuthenticationScheme, configure);

    /// <summary>Adds a scheme of another name.</summary>
    /// <inheritdoc cref="AddIdentityAssertion(AuthenticationBuilder, Action{ReceivedAssertionOptions})"/>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="authenticationScheme">The scheme's name.</param>
    /// <param name="configure">Sets the issuer, the audience and the keys, and changes the other settings.</param>
    public static AuthenticationBuilder AddIdentityAssertion(
        this AuthenticationBuilder builder, string authenticationScheme, Action<ReceivedAssertionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(authenticationScheme);
        ArgumentNullException.ThrowIfNull(configure);

        IServiceCollection services = builder.Services;
        if (!services.HasKeyed<IdentityAssertionScheme>(authenticationScheme))
        {
            services.AddMetrics();
            services.AddHttpClient(
                IdentityAssertionDefaults.AuthenticationScheme, client => client.MaxResponseContentBufferSize = MaxDocumentLength);
            services.TryAddSingleton<IdentityHeadersMetrics>();
            services.TryAddEnumerable(
                ServiceDescriptor.Singleton<IValidateOptions<ReceivedAssertionOptions>, ReceivedAssertionOptionsValidator>());
            services.AddKeyedSingleton(authenticationScheme, static (provider, key) => new IdentityAssertionScheme(provider, (string)key!));
            services.AddStartupCheck(
                authenticationScheme, provider => provider.GetRequiredKeyedService<IdentityAssertionScheme>(authenticationScheme));
            builder.AddScheme<AuthenticationSchemeOptions, IdentityAssertionAuthenticationHandler>(authenticationScheme, configureOptions: null);
        }

        services.AddOptions<ReceivedAssertionOptions>(authenticationScheme).Configure(configure);
        return builder;
    }
}
