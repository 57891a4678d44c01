using System.Security.Claims;
using McpIdentityHeaders.Internal;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Verifies one scheme's assertions: who signed, for whom, when, and by which algorithm. Nothing of it can be turned off.
/// </summary>
internal sealed class AssertionVerifier : IAssertionVerifier
{
    private readonly JsonWebTokenHandler _handler;
    private readonly TokenValidationParameters _parameters;
    private readonly ReceivedAssertionOptions _options;
    private readonly AssertionProfile? _profile;
    private readonly string? _userIssuerClaim;
    private readonly VerificationKeys _keys;
    private readonly TimeProvider _time;

    internal AssertionVerifier(string scheme, ReceivedAssertionOptions options, VerificationKeys keys, TimeProvider time)
    {
        _options = options;
        _profile = AssertionProfile.Find(options.Profile);
        _userIssuerClaim = options.Headers.Where(ShortClaimName.IsIssuer).Select(ShortClaimName.Of).FirstOrDefault();
        _keys = keys;
        _time = time;
        _handler = new JsonWebTokenHandler { MapInboundClaims = false, MaximumTokenSizeInBytes = options.MaxTokenLength };
        _parameters = new TokenValidationParameters
        {
            AuthenticationType = scheme,
            NameClaimType = options.NameClaimType,
            RoleClaimType = options.RoleClaimType,

            // The one that is named, whatever a discovery document says.
            IssuerValidator = (issuer, token, _) => issuer == options.Issuer
                ? FindUserIssuer((JsonWebToken)token) ?? issuer
                : throw new SecurityTokenInvalidIssuerException("The issuer is not ReceivedAssertionOptions.Issuer."),
            ValidAudience = options.Audience,
            TypeValidator = (type, _, _) => IsExpected(type)
                ? type
                : throw new SecurityTokenInvalidTypeException("The type is not ReceivedAssertionOptions.TokenType."),
            AlgorithmValidator = (algorithm, key, _, _) => IsAllowed(algorithm, key),
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            RequireAudience = true,
            TryAllIssuerSigningKeys = false,
            LifetimeValidator = (notBefore, expires, _, _) => IsInTime(notBefore, expires),
        };
    }

    /// <inheritdoc/>
    public async Task<(ClaimsIdentity? User, JsonWebToken? Token, string? Error)> VerifyAsync(
        string token, CancellationToken cancellationToken)
    {
        if (token.Length > _options.MaxTokenLength)
        {
            return (null, null, "it is longer than MaxTokenLength allows");
        }

        if (!TryRead(token, out JsonWebToken? read) || string.IsNullOrEmpty(read.Kid))
        {
            return (null, null, "it is no signed token with the id of a key");
        }

        (SecurityKey[] keys, string? keyError) =
            await _keys.FindInForceAsync(read.Kid, _time.GetUtcNow(), _options.ClockSkew, cancellationToken).ConfigureAwait(false);
        if (keyError is not null)
        {
            return (null, null, keyError);
        }

        TokenValidationParameters parameters = _parameters.Clone();
        parameters.IssuerSigningKeyResolver = (_, _, _, _) => keys;
        TokenValidationResult result = await _handler.ValidateTokenAsync(token, parameters).ConfigureAwait(false);
        if (!result.IsValid)
        {
            // The exception's message may quote claims.
            return (null, null, $"it is not valid ({result.Exception.GetType().Name})");
        }

        read = (JsonWebToken)result.SecurityToken;
        return GetContentError(read) is { } error ? (null, null, error) : (result.ClaimsIdentity, read, null);
    }

    /// <summary>Finds the user's own issuer: the MCP server tells equal subjects of two issuers apart by the claims' issuer.</summary>
    private string? FindUserIssuer(JsonWebToken token) => _userIssuerClaim is null
        ? null
        : ReceivedAssertionPlan.ReadClaim(token, _userIssuerClaim).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value));

    private static bool TryRead(string token, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out JsonWebToken? read)
    {
        try
        {
            read = new JsonWebToken(token);
            return true;
        }
        catch (Exception)
        {
            // The library throws several types for what is no token.
            read = null;
            return false;
        }
    }

    private string? GetContentError(JsonWebToken token)
    {
        if (AssertionContent.GetError(token, _profile is null) is { } error)
        {
            return error;
        }

        if (token.IssuedAt > _time.GetUtcNow().UtcDateTime + _options.ClockSkew)
        {
            return "it was issued in the future";
        }

        if (token.ValidTo <= token.IssuedAt || token.ValidTo <= token.ValidFrom)
        {
            return "it ends before it starts";
        }

        return token.ValidTo - token.IssuedAt > _options.MaxLifetime
            ? "it is valid for longer than MaxLifetime allows"
            : _profile?.GetTokenError(token);
    }

    /// <summary>Whether the type is the one that is set; with a profile, that of any JWT (RFC 7519, section 5.1), or none.</summary>
    private bool IsExpected(string? type) => _profile is null
        ? type == _options.TokenType
        : string.IsNullOrEmpty(type) || type.Equals("JWT", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the algorithm is one of the list, and the key's own where its set names one (RFC 7517, section 4.4).</summary>
    private bool IsAllowed(string algorithm, SecurityKey key) =>
        (_profile is null ? _options.Algorithms.Contains(algorithm) : algorithm == _profile.Algorithm)
        && (key is not JsonWebKey { Alg.Length: > 0 } named || named.Alg == algorithm);

    private bool IsInTime(DateTime? notBefore, DateTime? expires)
    {
        DateTime now = _time.GetUtcNow().UtcDateTime;
        return expires > now - _options.ClockSkew && (notBefore is not { } start || start <= now + _options.ClockSkew);
    }
}
