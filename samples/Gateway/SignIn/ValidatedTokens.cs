using System.Runtime.InteropServices;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.SignIn;

/// <summary>
/// Validates a token when it first comes, and remembers it: validating anew takes a sixth of a call.
/// <see cref="TokenEvents"/> runs on each request.
/// </summary>
/// <remarks>A token is remembered until it expires, or the issuer's keys are read anew. Only valid ones are.</remarks>
internal sealed class ValidatedTokens(TimeProvider time) : JsonWebTokenHandler, IDisposable
{
    // About 10,000 tokens of the usual size.
    private readonly MemoryCache _tokens = new(new MemoryCacheOptions { SizeLimit = 10_000_000 });

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        string key = Convert.ToBase64String(SHA256.HashData(MemoryMarshal.AsBytes(token.AsSpan())));
        if (_tokens.TryGetValue(key, out Remembered? remembered)
            && time.GetUtcNow().UtcDateTime < remembered!.Token.ValidTo
            && await ReadKeysAsync(validationParameters) == remembered.Keys)
        {
            return new TokenValidationResult
            {
                IsValid = true,
                SecurityToken = remembered.Token,
                ClaimsIdentity = remembered.Identity.Clone(),
            };
        }

        TokenValidationResult result = await base.ValidateTokenAsync(token, validationParameters);
        if (result is { IsValid: true, SecurityToken: JsonWebToken valid } && time.GetUtcNow().UtcDateTime < valid.ValidTo)
        {
            BaseConfiguration keys = await ReadKeysAsync(validationParameters);

            // The handler may also accept a key that the issuer has just withdrawn, for an hour.
            if (keys.SigningKeys.Contains(valid.SigningKey))
            {
                // A copy: the application may add claims to a request's user.
                var entry = new Remembered(valid, result.ClaimsIdentity.Clone(), keys);
                _tokens.Set(key, entry, new MemoryCacheEntryOptions { AbsoluteExpiration = valid.ValidTo, Size = token.Length });
            }
        }

        return result;
    }

    public void Dispose() => _tokens.Dispose();

    // Kept in memory, and read anew from time to time, which gives another object.
    private static Task<BaseConfiguration> ReadKeysAsync(TokenValidationParameters parameters) =>
        parameters.ConfigurationManager.GetBaseConfigurationAsync(CancellationToken.None);

    private sealed record Remembered(JsonWebToken Token, ClaimsIdentity Identity, BaseConfiguration Keys);
}
