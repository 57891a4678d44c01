using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>An issuer of whatever tokens a test needs: with discovery, and with keys that it changes when told to.</summary>
internal sealed class BareIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private ECDsaSecurityKey _key = NewKey();

    private BareIssuer(WebApplication app) => _app = app;

    public string Authority => _app.Urls.Single();

    public static async Task<BareIssuer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");

        WebApplication app = builder.Build();
        var issuer = new BareIssuer(app);
        app.MapGet("/.well-known/openid-configuration", () => new Dictionary<string, object>
        {
            ["issuer"] = issuer.Authority,
            ["jwks_uri"] = $"{issuer.Authority}/jwks",
        });
        app.MapGet("/jwks", () => new Dictionary<string, object> { ["keys"] = new[] { issuer.PublicKey() } });
        await app.StartAsync();
        return issuer;
    }

    /// <summary>Gets the gateway's setting for this issuer.</summary>
    public (string Key, string Value) Setting => ("Oidc:Authority", Authority);

    public void ChangeKey() => _key = NewKey();

    /// <summary>Issues a token with these claims and headers.</summary>
    public string Issue(
        Dictionary<string, object> claims, Dictionary<string, object>? headers = null, string? audience = OidcServer.GatewayAudience) =>
        Issue(_key, claims, headers, audience);

    /// <summary>Issues a token as a stranger would, who has another key.</summary>
    public string Forge(Dictionary<string, object> claims) => Issue(NewKey(), claims, headers: null, OidcServer.GatewayAudience);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static ECDsaSecurityKey NewKey() =>
        new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = Guid.NewGuid().ToString("N") };

    private string Issue(ECDsaSecurityKey key, Dictionary<string, object> claims, Dictionary<string, object>? headers, string? audience) =>
        new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Authority,
            Audience = audience,
            Expires = DateTime.UtcNow.AddHours(1),
            Claims = claims,
            AdditionalHeaderClaims = headers,
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.EcdsaSha256),
        });

    private Dictionary<string, string> PublicKey()
    {
        ECPoint point = _key.ECDsa.ExportParameters(includePrivateParameters: false).Q;
        return new Dictionary<string, string>
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["use"] = "sig",
            ["kid"] = _key.KeyId,
            ["x"] = Base64UrlEncoder.Encode(point.X),
            ["y"] = Base64UrlEncoder.Encode(point.Y),
        };
    }
}
