using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.Net.Http.Headers;

namespace Gateway.SignIn;

/// <summary>What the handler of tokens leaves to its application.</summary>
internal sealed class TokenEvents(OidcSettings oidc, PublicUrl publicUrl) : JwtBearerEvents
{
    /// <summary>Refuses what a valid signature alone does not rule out.</summary>
    public override Task TokenValidated(TokenValidatedContext context)
    {
        if (context.SecurityToken is JsonWebToken token && token.TryGetHeaderValue("crit", out object _))
        {
            // RFC 7515, section 4.1.11: what is marked as critical has to be understood.
            context.Fail("The token has extensions marked as critical, and the gateway knows none.");
        }
        else if (oidc.ClientIds.Count > 0 && !oidc.ClientIds.Contains(context.Principal?.FindFirst("client_id")?.Value))
        {
            context.Fail("The token was issued to another application than those in Oidc:ClientIds.");
        }

        return Task.CompletedTask;
    }

    /// <summary>Says where to sign in, and what was wrong with a token (RFC 6750, RFC 9728).</summary>
    public override Task Challenge(JwtBearerChallengeContext context)
    {
        context.HandleResponse();
        string challenge = $"Bearer resource_metadata=\"{publicUrl.MetadataFor(context.Request)}\"";
        if (context.AuthenticateFailure is { } failure)
        {
            Log.TokenRefused(context.HttpContext.RequestServices.GetRequiredService<ILogger<TokenEvents>>(), failure);
            string description = context.ErrorDescription is { Length: > 0 } given ? given : "The token is not valid for this gateway";
            challenge += $", error=\"invalid_token\", error_description=\"{Quotable(description)}\"";
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.Append(HeaderNames.WWWAuthenticate, challenge);
        return Task.CompletedTask;
    }

    /// <summary>Leaves out what a quoted value may not have: some of it may be the token's.</summary>
    private static string Quotable(string text) =>
        string.Concat(text.Where(character => character is >= ' ' and <= '~' and not ('"' or '\\')));
}
