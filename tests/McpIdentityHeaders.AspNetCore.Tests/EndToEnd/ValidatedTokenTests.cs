using System.Security.Cryptography;
using Gateway.SignIn;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>The gateway remembers a token that it has validated: for how long, and what of it.</summary>
public sealed class ValidatedTokenTests : IDisposable
{
    private readonly ECDsaSecurityKey _key = NewKey();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly Issuer _issuer = new();
    private readonly ValidatedTokens _tokens;
    private int _validations;

    public ValidatedTokenTests()
    {
        _tokens = new ValidatedTokens(_time);
        _issuer.Publish(_key);
    }

    public void Dispose() => _tokens.Dispose();

    [Fact]
    public async Task Token_is_validated_once()
    {
        string token = Issue(_key);

        TokenValidationResult first = await ValidateAsync(token);
        TokenValidationResult second = await ValidateAsync(token);

        Assert.True(first.IsValid && second.IsValid);
        Assert.Equal(1, _validations);
        Assert.Equal(
            first.ClaimsIdentity.Claims.Select(claim => (claim.Type, claim.Value, claim.Issuer)),
            second.ClaimsIdentity.Claims.Select(claim => (claim.Type, claim.Value, claim.Issuer)));
        Assert.Equal(token, ((JsonWebToken)second.SecurityToken).EncodedToken);
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task Claim_that_a_request_adds_to_its_user_is_in_no_other_request(int request)
    {
        string token = Issue(_key);
        for (int earlier = 1; earlier < request; earlier++)
        {
            await ValidateAsync(token);
        }

        (await ValidateAsync(token)).ClaimsIdentity.AddClaim(new Claim("roles", "admin"));

        Assert.False((await ValidateAsync(token)).ClaimsIdentity.HasClaim("roles", "admin"));
    }

    [Fact]
    public async Task Token_is_validated_again_once_it_has_expired()
    {
        string token = Issue(_key);
        await ValidateAsync(token);

        _time.Advance(TimeSpan.FromMinutes(60));
        await ValidateAsync(token);

        Assert.Equal(2, _validations);
    }

    [Fact]
    public async Task Token_of_a_key_that_the_issuer_has_withdrawn_is_refused()
    {
        // Otherwise the handler itself accepts it for an hour.
        _issuer.UseLastKnownGoodConfiguration = false;
        string token = Issue(_key);
        Assert.True((await ValidateAsync(token)).IsValid);

        _issuer.Publish(NewKey());

        Assert.False((await ValidateAsync(token)).IsValid);
    }

    [Fact]
    public async Task Token_of_a_key_that_is_accepted_for_some_time_yet_is_not_remembered()
    {
        string token = Issue(_key);
        await ValidateAsync(token);
        _issuer.Publish(NewKey(), accepted: _key);

        Assert.True((await ValidateAsync(token)).IsValid);
        _issuer.UseLastKnownGoodConfiguration = false;

        Assert.False((await ValidateAsync(token)).IsValid);
    }

    [Fact]
    public async Task Another_signature_under_the_same_claims_is_refused()
    {
        string token = Issue(_key);
        Assert.True((await ValidateAsync(token)).IsValid);
        string forged = string.Concat(token.AsSpan(0, token.LastIndexOf('.')), Issue(NewKey()).AsSpan(token.LastIndexOf('.')));

        Assert.False((await ValidateAsync(forged)).IsValid);
    }

    [Fact]
    public async Task Refused_token_is_validated_each_time()
    {
        string token = Issue(_key, audience: "api://other");

        Assert.False((await ValidateAsync(token)).IsValid);
        Assert.False((await ValidateAsync(token)).IsValid);

        Assert.Equal(2, _validations);
    }

    private static ECDsaSecurityKey NewKey() =>
        new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = Guid.NewGuid().ToString("N") };

    private string Issue(SecurityKey key, string audience = OidcServer.GatewayAudience) =>
        new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer.Name,
            Audience = audience,
            Expires = _time.GetUtcNow().UtcDateTime.AddHours(1),
            Claims = new Dictionary<string, object> { ["sub"] = "alice", ["roles"] = new[] { "reader", "writer" } },
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.EcdsaSha256),
        });

    private Task<TokenValidationResult> ValidateAsync(string token) => _tokens.ValidateTokenAsync(token, new TokenValidationParameters
    {
        ConfigurationManager = _issuer,
        AudienceValidator = (audiences, _, _) =>
        {
            _validations++;
            return audiences.Contains(OidcServer.GatewayAudience);
        },
    });

    /// <summary>What is known of an issuer's keys, without the issuer.</summary>
    private sealed class Issuer : BaseConfigurationManager
    {
        public const string Name = "https://issuer.example";

        private OpenIdConnectConfiguration _configuration = new();

        public void Publish(SecurityKey key, SecurityKey? accepted = null)
        {
            _configuration = new OpenIdConnectConfiguration { Issuer = Name, SigningKeys = { key } };
            if (accepted is not null)
            {
                LastKnownGoodConfiguration = new OpenIdConnectConfiguration { Issuer = Name, SigningKeys = { accepted } };
            }
        }

        public override Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) =>
            Task.FromResult<BaseConfiguration>(_configuration);

        public override void RequestRefresh()
        {
        }
    }
}
