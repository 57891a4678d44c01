using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A token to be: what a valid one says, until it is changed.</summary>
internal sealed class AssertionDraft
{
    private readonly ECDsa _key;
    private Func<byte[], byte[]> _sign;

    public AssertionDraft(AssertionHosts hosts)
    {
        _key = hosts.Key;
        _sign = data => _key.SignData(data, HashAlgorithmName.SHA256);
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Header = new JsonObject
        {
            ["alg"] = "ES256",
            ["kid"] = Base64UrlEncoder.Encode(new ECDsaSecurityKey(_key).ComputeJwkThumbprint()),
            ["typ"] = "user-assertion+jwt",
        };
        Payload = new JsonObject
        {
            ["iss"] = AssertionHosts.NameOf(hosts.Issuer),
            ["aud"] = AssertionHosts.NameOf(hosts.Backend),
            ["sub"] = "alice",
            ["name"] = "Alice",
            ["iat"] = now,
            ["nbf"] = now,
            ["exp"] = now + 60,
        };
    }

    public JsonObject Header { get; }

    public JsonObject Payload { get; }

    public string Audience => Payload["aud"]!.GetValue<string>();

    public string? RawHeader { get; set; }

    public string? RawPayload { get; set; }

    public string? Whole { get; set; }

    public string Sign() => Sign(RawHeader ?? Header.ToJsonString(), RawPayload ?? Payload.ToJsonString());

    public void Times(long issued, long start, long end)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        (Payload["iat"], Payload["nbf"], Payload["exp"]) = (now + issued, now + start, now + end);
    }

    public void Unsigned(string algorithm)
    {
        Header["alg"] = algorithm;
        _sign = _ => [];
    }

    public void Hmac(byte[] secret)
    {
        Header["alg"] = "HS256";
        _sign = data => HMACSHA256.HashData(secret, data);
    }

    public byte[] PublicJwk() => Encoding.UTF8.GetBytes(
        JsonSerializer.Serialize(JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new ECDsaSecurityKey(_key)).X));

    public byte[] PublicPem() => Encoding.UTF8.GetBytes(_key.ExportSubjectPublicKeyInfoPem());

    public void SignWith(ECDsa key) => _sign = data => key.SignData(data, HashAlgorithmName.SHA256);

    public void SignWith(RSA key)
    {
        Header["alg"] = "RS256";
        _sign = data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    public void SignWithAnotherKey() => _sign = data =>
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return other.SignData(data, HashAlgorithmName.SHA256);
    };

    public void EmbedAnotherKey()
    {
        var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters parameters = other.ExportParameters(includePrivateParameters: false);
        Header.Remove("kid");
        Header["jwk"] = new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["x"] = Base64UrlEncoder.Encode(parameters.Q.X!),
            ["y"] = Base64UrlEncoder.Encode(parameters.Q.Y!),
        };
        _sign = data => other.SignData(data, HashAlgorithmName.SHA256);
    }

    public void KeyByAddress()
    {
        Header.Remove("kid");
        Header["jku"] = "https://evil.example.com/jwks.json";
        SignWithAnotherKey();
    }

    public void SignInDer() => _sign = data => _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void ReplacePayload(Action<JsonObject> change)
    {
        string[] parts = Sign().Split('.');
        change(Payload);
        Whole = $"{parts[0]}.{Encode(Payload.ToJsonString())}.{parts[2]}";
    }

    public void ReplaceHeader(Action<JsonObject> change)
    {
        string[] parts = Sign().Split('.');
        change(Header);
        Whole = $"{Encode(Header.ToJsonString())}.{parts[1]}.{parts[2]}";
    }

    public void ReplaceSignature(byte[] signature)
    {
        string[] parts = Sign().Split('.');
        Whole = $"{parts[0]}.{parts[1]}.{Base64UrlEncoder.Encode(signature)}";
    }

    public void PutBeforePayload(string name, string member) => RawPayload = PutBefore(Payload, name, member);

    public void PutBeforeHeader(string name, string member) => RawHeader = PutBefore(Header, name, member);

    /// <summary>Changes the last character so that a lenient decoder reads the same signature: four of its bits are unused.</summary>
    public void ChangeUnusedBits()
    {
        string token = Sign();
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        Whole = token[..^1] + Letters[Letters.IndexOf(token[^1], StringComparison.Ordinal) + 1];
    }

    /// <summary>Writes the signature as base64, without its padding: a lenient decoder reads the same.</summary>
    public void UseOtherAlphabetInSignature()
    {
        string token;
        do
        {
            token = Sign();
        }
        while (token.AsSpan(token.LastIndexOf('.')).IndexOfAny('-', '_') < 0);
        int signature = token.LastIndexOf('.');
        Whole = token[..signature] + token[signature..].Replace('-', '+').Replace('_', '/');
    }

    private string Sign(string header, string payload)
    {
        string signed = $"{Encode(header)}.{Encode(payload)}";
        return $"{signed}.{Base64UrlEncoder.Encode(_sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string PutBefore(JsonObject json, string name, string member) =>
        json.ToJsonString().Replace($"\"{name}\":", $"{member},\"{name}\":", StringComparison.Ordinal);

    private static string Encode(string text) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(text));

    /// <summary>Makes one that is bound to a POST of <c>{}</c> to /mcp in the session session-1.</summary>
    public static AssertionDraft ForRequest(AssertionHosts hosts, string content = "{}")
    {
        var draft = new AssertionDraft(hosts);
        draft.Payload["htm"] = "POST";
        draft.Payload["htu"] = new Uri(hosts.Backend, "/mcp").ToString();
        draft.Payload["content_digest"] = Digest(content);
        draft.Payload["mcp_session_id"] = "session-1";
        draft.Payload["jti"] = Guid.NewGuid().ToString();
        return draft;
    }

    public static string Digest(string content) => $"sha-256=:{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}:";
}
