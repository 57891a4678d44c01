using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Development;

/// <summary>
/// An issuer for a developer's machine: whoever asks gets a token for any sample user. It has a discovery document and keys as real ones
/// do, so that the gateway checks its tokens as it will check those of others. Its key is made anew with each start.
/// </summary>
internal sealed class DevelopmentIssuer : IAsyncDisposable
{
    public const string Audience = "https://development-gateway.example/mcp";

    private const string GatewayKeysPath = "/gateway-keys";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _keyId = Guid.NewGuid().ToString("N");
    private readonly WebApplication _app;

    private DevelopmentIssuer(WebApplication app) => _app = app;

    public string Authority => _app.Urls.Single();

    /// <summary>Gets what the gateway signs with.</summary>
    public DevelopmentKey GatewayKey { get; } = new();

    /// <summary>Gets where backends get the public half of it.</summary>
    public string GatewayKeysUri => $"{Authority}{GatewayKeysPath}";

    public static async Task<DevelopmentIssuer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");

        WebApplication app = builder.Build();
        var issuer = new DevelopmentIssuer(app);
        app.MapGet("/.well-known/openid-configuration", () => new Dictionary<string, object>
        {
            ["issuer"] = issuer.Authority,
            ["jwks_uri"] = $"{issuer.Authority}/jwks",
            ["id_token_signing_alg_values_supported"] = new[] { SecurityAlgorithms.EcdsaSha256 },
        });
        app.MapGet("/jwks", () => new Dictionary<string, object>
        {
            ["keys"] = new[] { DevelopmentKey.ToPublicKey(issuer._key, issuer._keyId) },
        });

        // A gateway publishes its keys itself. This one's address is not known before its backends have to know it.
        app.MapGet(GatewayKeysPath, () => new Dictionary<string, object> { ["keys"] = new[] { issuer.GatewayKey.PublicKey } });
        app.MapGet("/token", (string user) => SampleUser.All.FirstOrDefault(known => known.Subject == user) is { } known
            ? Results.Text(issuer.TokenFor(known))
            : Results.NotFound());

        await app.StartAsync();
        return issuer;
    }

    public string TokenFor(SampleUser user) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Authority,
        Audience = Audience,
        TokenType = "at+jwt",
        Expires = DateTime.UtcNow.AddHours(8),
        Claims = new Dictionary<string, object>
        {
            ["sub"] = user.Subject,
            ["name"] = user.Name,
            ["email"] = user.Email,
            ["roles"] = user.Roles,
        },
        SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(_key) { KeyId = _keyId }, SecurityAlgorithms.EcdsaSha256),
    });

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
        GatewayKey.Dispose();
    }
}
