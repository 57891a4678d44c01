using System.Security.Claims;
using McpIdentityHeaders.Internal;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Verifies one scheme's assertions: who signed, for whom, when, and by which algorithm. Nothing of it can be turned off.</summary>
internal sealed class AssertionVerifier
{
    private readonly JsonWebTokenHandler _handler;
    private readonly TokenValidationParameters _parameters;
    private readonly ReceivedAssertionOptions _options;

    internal AssertionVerifier(string scheme, ReceivedAssertionOptions options, HttpClient backchannel, TimeProvider time)
    {
        _options = options;
        foreach (SecurityKey key in options.Keys)
        {
            // As the sender's: an assertion names its key by the thumbprint (RFC 7638).
            key.KeyId ??= Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
        }

        _handler = new JsonWebTokenHandler { MapInboundClaims = false, MaximumTokenSizeInBytes = options.MaxTokenLength };
        _parameters = new TokenValidationParameters
        {
            AuthenticationType = scheme,
            NameClaimType = options.NameClaimType,
            RoleClaimType = options.RoleClaimType,

            // The one that is named, whatever a discovery document says.
            IssuerValidator = (issuer, _, _) => issuer == options.Issuer
                ? issuer
                : throw new SecurityTokenInvalidIssuerException("The issuer is not ReceivedAssertionOptions.Issuer."),
            ValidAudience = options.Audience,
            ValidTypes = [options.TokenType],
            ValidAlgorithms = options.Algorithms,
            ClockSkew = options.ClockSkew,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            RequireAudience = true,
            TryAllIssuerSigningKeys = false,
            IssuerSigningKeys = options.Keys,
            ConfigurationManager = CreateConfigurationManager(options, backchannel),
            LifetimeValidator = (notBefore, expires, _, parameters) => IsInTime(notBefore, expires, parameters.ClockSkew, time.GetUtcNow().UtcDateTime),
        };
    }

    /// <returns>The user and the token; or why there is none. The error quotes nothing of the token.</returns>
    internal async Task<(ClaimsIdentity? User, JsonWebToken? Token, string? Error)> VerifyAsync(string token)
    {
        if (token.Length > _options.MaxTokenLength)
        {
            return (null, null, "it is longer than MaxTokenLength allows");
        }

        TokenValidationResult result = await _handler.ValidateTokenAsync(token, _parameters).ConfigureAwait(false);
        if (!result.IsValid)
        {
            // The exception's message may quote claims.
            return (null, null, $"it is not valid ({result.Exception.GetType().Name})");
        }

        var read = (JsonWebToken)result.SecurityToken;
        return GetContentError(read) is { } error ? (null, null, error) : (result.ClaimsIdentity, read, null);
    }

    private string? GetContentError(JsonWebToken token)
    {
        if (token.TryGetHeaderValue("crit", out object? _))
        {
            return "it has critical header parameters, which no verifier here knows (RFC 7515, section 4.1.11)";
        }

        if (string.IsNullOrWhiteSpace(token.Subject))
        {
            return "it has no subject";
        }

        if (token.IssuedAt == DateTime.MinValue || token.ValidFrom == DateTime.MinValue)
        {
            return "it has no iat or no nbf";
        }

        if (token.Audiences.Count() != 1)
        {
            return "it is for several audiences, of which each could pass it on to another";
        }

        return token.ValidTo - token.IssuedAt > _options.MaxLifetime ? "it is valid for longer than MaxLifetime allows" : null;
    }

    private static bool IsInTime(DateTime? notBefore, DateTime? expires, TimeSpan skew, DateTime now) =>
        expires is { } end && now < end + skew && (notBefore is not { } start || now >= start - skew);

    private static ConfigurationManager<OpenIdConnectConfiguration>? CreateConfigurationManager(
        ReceivedAssertionOptions options, HttpClient backchannel)
    {
        if ((options.KeySetUri ?? options.Authority) is not { } uri)
        {
            return null;
        }

        // Plain http was refused at start-up, but for loopback.
        var documents = new HttpDocumentRetriever(backchannel) { RequireHttps = !Origin.IsPlain(uri) };
        return new ConfigurationManager<OpenIdConnectConfiguration>(
            options.KeySetUri?.AbsoluteUri ?? $"{uri.AbsoluteUri.TrimEnd('/')}/.well-known/openid-configuration",
            options.KeySetUri is null ? new OpenIdConnectConfigurationRetriever() : new KeySetRetriever(options.Issuer!),
            documents)
        {
            RefreshInterval = options.KeyRefreshInterval,
        };
    }
}
