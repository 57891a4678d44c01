namespace Gateway.SignIn;

/// <summary>Whose tokens are accepted.</summary>
/// <param name="Authority">The issuer, as its discovery document names it.</param>
/// <param name="Audience">What the issuer writes into tokens that are meant for this gateway.</param>
/// <param name="RequiresHttps">
/// Whether the issuer's keys must come over https: wherever it is not a developer's machine, unless <c>Oidc:RequireHttpsMetadata</c> says
/// otherwise.
/// </param>
internal sealed record OidcSettings(string Authority, string Audience, bool RequiresHttps)
{
    public static OidcSettings Read(IConfiguration configuration, IHostEnvironment environment)
    {
        bool requiresHttps = configuration.GetValue("Oidc:RequireHttpsMetadata", defaultValue: !environment.IsDevelopment());

        if (!Uri.TryCreate(configuration["Oidc:Authority"], UriKind.Absolute, out Uri? authority)
            || (authority.Scheme != Uri.UriSchemeHttps && (requiresHttps || authority.Scheme != Uri.UriSchemeHttp)))
        {
            throw new InvalidOperationException(
                "Oidc:Authority has to be the https URL of an OpenID Connect issuer, such as 'https://login.example.com/'. "
                + "Set it in the configuration, or as Oidc__Authority in the environment.");
        }

        if (configuration["Oidc:Audience"] is not { Length: > 0 } audience)
        {
            throw new InvalidOperationException(
                "Oidc:Audience has to be what the issuer puts into tokens for this gateway: often the gateway's own URL. Without it, "
                + "tokens that were made for other services would be accepted. "
                + "Set it in the configuration, or as Oidc__Audience in the environment.");
        }

        return new OidcSettings(authority.OriginalString, audience, requiresHttps);
    }
}
