using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Verifies the tokens of an AWS Application Load Balancer, which are no JWTs: their Base64url is padded (RFC 7515, section 2, forbids
/// that), the signature is over the padded text, and issuer and expiry stand in the header. Nothing of it can be turned off.
/// </summary>
/// <param name="scheme">The scheme's name.</param>
/// <param name="options">The scheme's valid options.</param>
/// <param name="keys">The load balancer's keys.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadBalancerVerifier(string scheme, ReceivedAssertionOptions options, VerificationKeys keys, TimeProvider time)
    : IAssertionVerifier
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc/>
    public async Task<(ClaimsIdentity? User, JsonWebToken? Token, string? Error)> VerifyAsync(
        string token, CancellationToken cancellationToken)
    {
        if (token.Length > options.MaxTokenLength)
        {
            return (null, null, "it is longer than MaxTokenLength allows");
        }

        if (token.Split('.') is not [{ } header, { } payload, { } signature]
            || !TryDecodeJson(header, out string? headerJson)
            || !TryDecodeJson(payload, out string? payloadJson)
            || Decode(signature) is not { } signatureBytes)
        {
            return (null, null, "it is not three parts of padded Base64url, the first two of JSON objects");
        }

        // Check the header first: a token of another load balancer must not have a key fetched.
        string? keyId;
        using (JsonDocument document = JsonDocument.Parse(headerJson, Strict))
        {
            keyId = GetText(document.RootElement, "kid");
            if (GetHeaderError(document.RootElement) is { } error)
            {
                return (null, null, error);
            }
        }

        if (string.IsNullOrEmpty(keyId))
        {
            return (null, null, "it has no id of a key");
        }

        (SecurityKey[] found, string? keyError) = await keys
            .FindInForceAsync(keyId, time.GetUtcNow(), options.ClockSkew, cancellationToken)
            .ConfigureAwait(false);
        if (keyError is not null)
        {
            return (null, null, keyError);
        }

        byte[] signed = Encoding.ASCII.GetBytes(token, 0, token.LastIndexOf('.'));
        if (!Array.Exists(found, key => IsSignedBy(key, signed, signatureBytes)))
        {
            return (null, null, "its signature is not that of the key");
        }

        using JsonDocument claims = JsonDocument.Parse(payloadJson, Strict);
        return GetPayloadError(claims.RootElement) is { } payloadError
            ? (null, null, payloadError)
            : CreateUser(new JsonWebToken(headerJson, payloadJson));
    }

    private static bool TryDecodeJson(string part, [NotNullWhen(true)] out string? json)
    {
        json = null;
        try
        {
            string? text = Decode(part) is { } bytes ? StrictUtf8.GetString(bytes) : null;
            using JsonDocument? document = text is null ? null : JsonDocument.Parse(text, Strict);
            json = document?.RootElement.ValueKind == JsonValueKind.Object ? text : null;
        }
        catch (Exception exception) when (exception is JsonException or DecoderFallbackException or InvalidOperationException)
        {
            // No UTF-8, no JSON, a property twice, or half of a surrogate pair in a name.
        }

        return json is not null;
    }

    /// <summary>Decodes the one form that a load balancer writes, so that no two tokens mean the same.</summary>
    private static byte[]? Decode(string part)
    {
        string unpadded = part.TrimEnd('=');
        if (part.Length % 4 != 0 || part.Length - unpadded.Length > 2 || !Base64Url.IsValid(unpadded))
        {
            return null;
        }

        byte[] bytes = Base64Url.DecodeFromChars(unpadded);
        return Base64Url.EncodeToString(bytes) == unpadded ? bytes : null;
    }

    private static bool IsSignedBy(SecurityKey key, byte[] signed, byte[] signature)
    {
        if (!key.CryptoProviderFactory.IsSupportedAlgorithm(SecurityAlgorithms.EcdsaSha256, key))
        {
            return false;
        }

        SignatureProvider provider = key.CryptoProviderFactory.CreateForVerifying(key, SecurityAlgorithms.EcdsaSha256);
        try
        {
            return signature.Length > 0 && provider.Verify(signed, signature);
        }
        finally
        {
            key.CryptoProviderFactory.ReleaseSignatureProvider(provider);
        }
    }

    private static string? GetText(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement property) && property.ValueKind == JsonValueKind.String ? property.GetString() : null;

    private string? GetHeaderError(JsonElement header)
    {
        if (GetText(header, "alg") != SecurityAlgorithms.EcdsaSha256)
        {
            return "its algorithm is not ES256";
        }

        if (header.TryGetProperty("typ", out _) && GetText(header, "typ") is not { } type
            || GetText(header, "typ") is { } known && !known.Equals("JWT", StringComparison.OrdinalIgnoreCase))
        {
            return "its type is not JWT";
        }

        if (header.TryGetProperty("crit", out _))
        {
            return "it has critical header parameters, which no verifier here knows (RFC 7515, section 4.1.11)";
        }

        if (GetText(header, "signer") != options.Signer)
        {
            return "its signer is not ReceivedAssertionOptions.Signer";
        }

        if (GetText(header, "iss") != options.Issuer)
        {
            return "its issuer is not ReceivedAssertionOptions.Issuer";
        }

        if (options.Audience is { } client && GetText(header, "client") != client)
        {
            return "its client is not ReceivedAssertionOptions.Audience";
        }

        return header.TryGetProperty("exp", out JsonElement expiry) ? GetExpiryError(expiry, options.MaxLifetime) : "it has no expiry";
    }

    private string? GetExpiryError(JsonElement expiry, TimeSpan? maxLifetime)
    {
        if (expiry.ValueKind != JsonValueKind.Number || !expiry.TryGetInt64(out long seconds))
        {
            return "its expiry is no whole number";
        }

        long now = time.GetUtcNow().ToUnixTimeSeconds();
        long skew = (long)options.ClockSkew.TotalSeconds;
        if (seconds <= now - skew)
        {
            return "it has expired";
        }

        return maxLifetime is { } longest && seconds - skew > now + (long)longest.TotalSeconds
            ? "it is valid for longer than MaxLifetime allows"
            : null;
    }

    private string? GetPayloadError(JsonElement payload)
    {
        if (string.IsNullOrWhiteSpace(GetText(payload, "sub")))
        {
            return "it has no subject";
        }

        if (AssertionContent.HasNamesOfTwoCases(payload))
        {
            return AssertionContent.NamesOfTwoCases;
        }

        // What the identity provider's claims say too must not be another user or an older one.
        if (payload.TryGetProperty("iss", out _) && GetText(payload, "iss") != options.Issuer)
        {
            return "the issuer of its claims is not ReceivedAssertionOptions.Issuer";
        }

        return payload.TryGetProperty("exp", out JsonElement expiry) ? GetExpiryError(expiry, maxLifetime: null) : null;
    }

    private (ClaimsIdentity? User, JsonWebToken? Token, string? Error) CreateUser(JsonWebToken token)
    {
        string issuer = options.Issuer!;
        var user = new ClaimsIdentity(
            token.Claims.Select(claim => new Claim(claim.Type, claim.Value, claim.ValueType, issuer)),
            scheme,
            options.NameClaimType,
            options.RoleClaimType);
        if (!user.HasClaim(claim => claim.Type == JwtRegisteredClaimNames.Iss))
        {
            user.AddClaim(new Claim(JwtRegisteredClaimNames.Iss, issuer, ClaimValueTypes.String, issuer));
        }

        return (user, token, null);
    }
}
