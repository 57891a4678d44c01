using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using ModelContextProtocol.Authentication;

namespace Gateway;

/// <summary>Who signs users in: any OpenID Connect issuer; in Development, without one, this process itself.</summary>
internal static class Issuer
{
    public static void AddIssuer(this AuthenticationBuilder authentication, IConfigurationSection oidc, IHostEnvironment environment)
    {
        bool isOwn = environment.IsDevelopment() && oidc["Authority"] is null;
        if (isOwn)
        {
            authentication.Services.AddSingleton<DevelopmentIssuer>();
        }
        else
        {
            RequireRealIssuer(oidc);
        }

        authentication.AddJwtBearer(options =>
        {
            // Authority and Audience, and whatever else an issuer needs.
            oidc.Bind(options);
            options.MapInboundClaims = false;
            options.TokenValidationParameters.NameClaimType = "name";
            options.TokenValidationParameters.RoleClaimType = "roles";
        });

        if (isOwn)
        {
            authentication.Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
                .Configure<DevelopmentIssuer>((options, issuer) => issuer.Configure(options));
        }

        authentication.AddMcp(options => options.ResourceMetadata = new ProtectedResourceMetadata
        {
            AuthorizationServers = { oidc["Authority"] ?? DevelopmentIssuer.Name },
        });
    }

    private static void RequireRealIssuer(IConfigurationSection oidc)
    {
        bool isSecure = Uri.TryCreate(oidc["Authority"], UriKind.Absolute, out Uri? authority)
            && (authority.Scheme == Uri.UriSchemeHttps || (authority.Scheme == Uri.UriSchemeHttp && oidc["RequireHttpsMetadata"] is "false" or "False"));

        if (!isSecure || string.IsNullOrWhiteSpace(oidc["Audience"]))
        {
            throw new InvalidOperationException(
                "There is no issuer to trust. Set Oidc:Authority to its https URL, such as https://login.example.com, and Oidc:Audience to what "
                + "its tokens for this gateway name as their audience. Only in Development does the gateway bring an issuer of its own.");
        }
    }
}
