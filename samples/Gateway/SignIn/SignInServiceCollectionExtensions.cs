using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace Gateway.SignIn;

internal static class SignInServiceCollectionExtensions
{
    /// <summary>Adds sign-in by tokens of the issuer's that are meant for this gateway. Who has none is told where to get it.</summary>
    public static IServiceCollection AddSignIn(this IServiceCollection services, OidcSettings oidc, PublicUrl publicUrl)
    {
        services
            .AddAuthentication(JwtBearerDefaults.AuthenticationScheme)
            .AddJwtBearer(options =>
            {
                options.Authority = oidc.Authority;
                options.RequireHttpsMetadata = oidc.RequiresHttps;
                options.RefreshInterval = oidc.KeyRefreshInterval;
                options.TokenValidationParameters.NameClaimType = "name";
                options.TokenValidationParameters.RoleClaimType = "roles";
                options.TokenValidationParameters.ValidateAudience = oidc.Audiences.Count > 0;
                options.TokenValidationParameters.ValidAudiences = oidc.Audiences;
                options.Events = new TokenEvents(oidc, publicUrl);
            })
            .AddMcp(options => options.ResourceMetadata = new()
            {
                Resource = publicUrl.Value?.OriginalString,
                AuthorizationServers = { oidc.Authority },
            });
        services.AddSingleton(new ValidatedTokens(TimeProvider.System) { MapInboundClaims = false });
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<ValidatedTokens>((options, tokens) =>
        {
            options.TokenHandlers.Clear();
            options.TokenHandlers.Add(tokens);
        });
        return services.AddAuthorization();
    }
}
