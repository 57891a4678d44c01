namespace Gateway.SignIn;

/// <summary>Which tokens are accepted: the section <c>Oidc</c>.</summary>
internal sealed record OidcSettings
{
    /// <summary>Gets the issuer, as its discovery document names it.</summary>
    public required string Authority { get; init; }

    /// <summary>Gets what the issuer writes into tokens that are meant for this gateway: any one of these is enough.</summary>
    public required IReadOnlyList<string> Audiences { get; init; }

    /// <summary>Gets the applications with accepted tokens, for issuers of access tokens without an audience.</summary>
    public required IReadOnlyList<string> ClientIds { get; init; }

    /// <summary>
    /// Gets whether the issuer's keys must come over https: wherever it is not a developer's machine, unless
    /// <c>Oidc:RequireHttpsMetadata</c> says otherwise.
    /// </summary>
    public required bool RequiresHttps { get; init; }

    /// <summary>
    /// Gets how long after one look for new keys the next may be. Anyone can cause a look, with a token of an unknown key: where that is
    /// just before the issuer changes its key, its users wait for as long.
    /// </summary>
    public required TimeSpan KeyRefreshInterval { get; init; }

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

        List<string> audiences = [.. ReadList(configuration, "Oidc:Audiences")];
        if (configuration["Oidc:Audience"] is { Length: > 0 } audience)
        {
            audiences.Insert(0, audience);
        }

        List<string> clientIds = [.. ReadList(configuration, "Oidc:ClientIds")];
        if (audiences.Count + clientIds.Count == 0)
        {
            throw new InvalidOperationException(
                "Oidc:Audience has to be what the issuer puts into tokens for this gateway: often the gateway's own URL. Without it, "
                + "tokens that were made for other services would be accepted. "
                + "Set it in the configuration, or as Oidc__Audience in the environment; Oidc:Audiences takes several. "
                + "Where the issuer's access tokens have no audience (Amazon Cognito), set Oidc:ClientIds to the applications instead.");
        }

        TimeSpan keyRefreshInterval = configuration.GetValue("Oidc:KeyRefreshInterval", TimeSpan.FromSeconds(5));
        if (keyRefreshInterval < TimeSpan.FromSeconds(1))
        {
            throw new InvalidOperationException("Oidc:KeyRefreshInterval has to be a second or more. Leave it out for five.");
        }

        return new OidcSettings
        {
            Authority = authority.OriginalString,
            Audiences = audiences,
            ClientIds = clientIds,
            RequiresHttps = requiresHttps,
            KeyRefreshInterval = keyRefreshInterval,
        };
    }

    private static string[] ReadList(IConfiguration configuration, string key) => configuration.GetSection(key).Get<string[]>() ?? [];
}
