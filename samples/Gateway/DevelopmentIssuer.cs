using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gateway;

/// <summary>
/// Signs tokens for whoever asks, with a key that lives as long as the process: enough to try the gateway, and nothing else. It is not there
/// outside Development.
/// </summary>
internal sealed class DevelopmentIssuer : IDisposable
{
    public const string Name = "https://issuer.development.invalid";

    private const string Audience = "gateway";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static IReadOnlyDictionary<string, Dictionary<string, object>> Users { get; } = new Dictionary<string, Dictionary<string, object>>
    {
        ["alice"] = new() { ["name"] = "Alice Adams", ["email"] = "alice@example.com", ["roles"] = new[] { "admin", "editor" } },
        ["bob"] = new() { ["name"] = "Bob Brown", ["email"] = "bob@example.com" },
        ["jose"] = new() { ["name"] = "José Núñez" },
        ["yamada"] = new() { ["name"] = "山田太郎" },
    };

    public string IssueToken(string user) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Name,
        Audience = Audience,
        Claims = new Dictionary<string, object>(Users[user]) { ["sub"] = user },
        SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(_key), SecurityAlgorithms.EcdsaSha256),
    });

    public void Configure(JwtBearerOptions options)
    {
        options.TokenValidationParameters.ValidIssuer = Name;
        options.TokenValidationParameters.ValidAudience = Audience;
        options.TokenValidationParameters.IssuerSigningKey = new ECDsaSecurityKey(_key);
    }

    public void Dispose() => _key.Dispose();
}
