using System.Buffers.Text;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Internal;

/// <summary>Signs one client's assertions, and keeps those that may be sent again.</summary>
internal sealed class AssertionSigner(
    IdentityAssertionOptions options, AssertionKeyRing keys, ClaimInjectionTelemetry telemetry, TimeProvider time)
{
    private const int MaxCached = 10_000;
    private const int IdBytes = 16;

    // Those that are no header's: sub, jti, act, and five of a binding.
    private const int MaxOwnClaims = 8;

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    // Never disposed: a request in flight may still use it. It holds no timer, only memory.
    private readonly Lazy<MemoryCache> _cache = new(() => new MemoryCache(new MemoryCacheOptions { SizeLimit = MaxCached }));

    /// <summary>Gets an assertion that is bound to no request: one that was signed lately, or a new one.</summary>
    /// <exception cref="ClaimInjectionException">None can be signed. Nothing has been sent.</exception>
    internal string GetToken(AssertedClaims claims, string audience)
    {
        SigningCredentials credentials = GetCredentials();
        DateTimeOffset now = time.GetUtcNow();
        var key = new AssertionCacheKey(audience, claims);
        if (_cache.Value.TryGetValue(key, out object? found) && found is CachedAssertion cached && cached.IsUsable(credentials, now))
        {
            return cached.Token;
        }

        string token = Sign(claims, audience, credentials, now, binding: null);
        using ICacheEntry entry = _cache.Value.CreateEntry(key);
        entry.Value = new CachedAssertion(token, credentials, now, now + (options.Lifetime / 2));
        entry.Size = 1;
        entry.AbsoluteExpirationRelativeToNow = options.Lifetime;
        return token;
    }

    /// <summary>Signs an assertion for one request.</summary>
    /// <exception cref="ClaimInjectionException">None can be signed. Nothing has been sent.</exception>
    internal string SignBound(AssertedClaims claims, string audience, RequestBinding binding) =>
        Sign(claims, audience, GetCredentials(), time.GetUtcNow(), binding);

    internal ClaimInjectionException Reject(string error) => telemetry.Reject(ClaimInjectionErrorReason.AssertionFailed, error);

    private SigningCredentials GetCredentials()
    {
        try
        {
            return keys.GetSigningKey().Credentials!;
        }
        catch (InvalidOperationException error)
        {
            throw Reject($"its user's assertion cannot be signed: {error.Message}");
        }
    }

    private string Sign(
        AssertedClaims claims, string audience, SigningCredentials credentials, DateTimeOffset now, RequestBinding? binding)
    {
        // Headers are checked as they are encoded, and none may carry the subject.
        if (!UnicodeText.IsWellFormed(claims.Subject))
        {
            throw Reject(
                "its user's subject has half of a surrogate pair, which is no Unicode text, and cannot be signed. Correct it where it "
                + "comes from");
        }

        ClaimHeaderPlan[] headers = ((ClaimInjectionPlan)claims.Source).Headers;
        var payload = new Dictionary<string, object>(headers.Length + MaxOwnClaims) { ["sub"] = claims.Subject, ["jti"] = CreateId() };
        for (int index = 0; index < headers.Length; index++)
        {
            if (claims.Values[index] is { } value)
            {
                payload[headers[index].ClaimName] = value;
            }
        }

        if (options.Actor is { } actor)
        {
            payload["act"] = new Dictionary<string, object> { ["sub"] = actor };
        }

        binding?.AddTo(payload);
        string token = CreateToken(payload, audience, credentials, now);
        return token.Length <= options.MaxTokenLength
            ? token
            : throw Reject(
                $"its user's assertion is {token.Length} bytes long, and IdentityAssertionOptions.MaxTokenLength allows "
                + $"{options.MaxTokenLength}. Send fewer claims, or set a larger limit");
    }

    /// <summary>Makes a random id, which is no secret: RandomNumberGenerator would take a twelfth of a signature's time.</summary>
    private static string CreateId()
    {
        Span<byte> id = stackalloc byte[IdBytes];
        Guid.NewGuid().TryWriteBytes(id);
        return Base64Url.EncodeToString(id);
    }

    private string CreateToken(Dictionary<string, object> payload, string audience, SigningCredentials credentials, DateTimeOffset now)
    {
        try
        {
            return _handler.CreateToken(new SecurityTokenDescriptor
            {
                Issuer = options.Issuer,
                Audience = audience,
                IssuedAt = now.UtcDateTime,
                NotBefore = now.UtcDateTime,
                Expires = (now + options.Lifetime).UtcDateTime,
                Claims = payload,
                TokenType = options.TokenType,
                SigningCredentials = credentials,
            });
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A key vault throws what it likes, and its message may hold anything.
            throw Reject(
                $"its user's assertion cannot be signed: the key threw a {exception.GetType().Name}. Check the first of "
                + "IdentityAssertionOptions.Keys");
        }
    }
}
