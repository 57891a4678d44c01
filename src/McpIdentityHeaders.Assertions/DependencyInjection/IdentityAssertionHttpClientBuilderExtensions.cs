using McpIdentityHeaders;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes an HttpClient carry a signed assertion of its user's identity.</summary>
public static class IdentityAssertionHttpClientBuilderExtensions
{
    /// <summary>Puts a signed assertion of the user's identity on every request of this client, beside the identity headers or instead of them.</summary>
    /// <param name="builder">Any HttpClient's builder, an MCP client's among them.</param>
    /// <param name="configure">Sets the issuer and the keys, and changes the other settings.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// It adds what AddClaimInjection adds, with settings of its own if it was not called. The handler stands right behind the injection
    /// handler. A request of an anonymous or unknown user, or to an origin that is not named, carries no assertion. Where none can be signed,
    /// sending throws a <see cref="ClaimInjectionException"/> before anything is sent. Calling it again adds settings and no second handler.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">The client has no name: every caller shares it, and it must carry no identity.</exception>
    public static IHttpClientBuilder AddIdentityAssertion(this IHttpClientBuilder builder, Action<IdentityAssertionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);

        builder.AddClaimInjection();
        if (!builder.Services.HasKeyed<IdentityAssertionState>(builder.Name))
        {
            AddClient(builder.Services, builder.Name);
        }

        builder.Services.AddOptions<IdentityAssertionOptions>(builder.Name).Configure(configure);
        return builder;
    }

    private static void AddClient(IServiceCollection services, string name)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<IdentityAssertionOptions>, IdentityAssertionOptionsValidator>());
        services.AddSingleton(new IdentityAssertionClientName(name));
        services.AddKeyedSingleton(name, static (provider, key) => new IdentityAssertionState(provider, (string)key!));
        services.AddKeyedSingleton<InnermostHandlerFactory>(
            name, static (_, key) => provider => provider.GetRequiredKeyedService<IdentityAssertionState>(key).CreateHandler());

        // The header is the client's own, as its identity headers are: stripped, redacted, and no other header's name.
        services.AddOptions<ClaimInjectionOptions>(name)
            .PostConfigure<IOptionsFactory<IdentityAssertionOptions>>((injection, factory) =>
            {
                IdentityAssertionOptions options = factory.Create(name);
                injection.Assertion = new AssertionHeader(options.UseAuthorizationHeader ? null : options.HeaderName, options.ReplaceHeaders);
            });
        services.AddStartupCheck(name, provider => provider.GetRequiredKeyedService<IdentityAssertionState>(name));
    }
}
