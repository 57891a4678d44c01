using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace McpIdentityHeaders.AspNetCore.Tests.Profiles;

/// <summary>A proxy's token to be: what it documents, until a test changes it.</summary>
internal sealed class ProxyToken
{
    private readonly ProxyKeys _keys;

    public ProxyToken(ProxyKeys keys, IdentityAssertionProfile profile, DateTimeOffset? time = null)
    {
        _keys = keys;
        long now = (time ?? DateTimeOffset.UtcNow).ToUnixTimeSeconds();
        (Header, Payload) = profile switch
        {
            IdentityAssertionProfile.CloudflareAccess => CreateCloudflare(now),
            IdentityAssertionProfile.GoogleIap => CreateIap(now),
            IdentityAssertionProfile.AwsApplicationLoadBalancer => CreateLoadBalancer(now),
            _ => CreatePomerium(now),
        };
        IsPadded = profile == IdentityAssertionProfile.AwsApplicationLoadBalancer;
        bool isRsa = profile == IdentityAssertionProfile.CloudflareAccess;
        SignData = data => isRsa
            ? keys.Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : keys.Ec.SignData(data, HashAlgorithmName.SHA256);
    }

    public JsonObject Header { get; }

    public JsonObject Payload { get; }

    public bool IsPadded { get; set; }

    public Func<byte[], byte[]> SignData { get; set; }

    /// <summary>Gets or sets what changes the whole token, once it is signed.</summary>
    public Func<string, string> Change { get; set; } = token => token;

    /// <summary>Gets or sets the payload's text, where it is not that of the object.</summary>
    public string? RawPayload { get; set; }

    public void SignWithAnotherKey() => SignData = data =>
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return other.SignData(data, HashAlgorithmName.SHA256);
    };

    public void SignWithEc() => SignData = data => _keys.Ec.SignData(data, HashAlgorithmName.SHA256);

    public void SignInDer() => SignData = data => _keys.Ec.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void SignWithRsa() => SignData = data => _keys.Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    public string Sign()
    {
        string signed = $"{Encode(Header.ToJsonString())}.{Encode(RawPayload ?? Payload.ToJsonString())}";
        return Change($"{signed}.{Encode(SignData(Encoding.ASCII.GetBytes(signed)))}");
    }

    private string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    private string Encode(byte[] bytes)
    {
        string text = Base64Url.EncodeToString(bytes);
        return IsPadded ? text.PadRight((text.Length + 3) / 4 * 4, '=') : text;
    }

    private static (JsonObject Header, JsonObject Payload) CreateCloudflare(long now) => (
        new JsonObject { ["alg"] = "RS256", ["kid"] = ProxyKeys.RsaId, ["typ"] = "JWT" },
        new JsonObject
        {
            ["aud"] = new JsonArray(AssertionProfileHost.CloudflareAudience),
            ["email"] = "alice@example.com",
            ["exp"] = now + (24 * 3600),
            ["iat"] = now,
            ["nbf"] = now,
            ["iss"] = AssertionProfileHost.CloudflareIssuer,
            ["type"] = "app",
            ["identity_nonce"] = "6ei69kawdKzMIAPF",
            ["sub"] = "7335d417-61da-459d-899c-0a01c76a2f94",
            ["country"] = "US",
        });

    private static (JsonObject Header, JsonObject Payload) CreateIap(long now) => (
        new JsonObject { ["alg"] = "ES256", ["kid"] = ProxyKeys.EcId, ["typ"] = "JWT" },
        new JsonObject
        {
            ["aud"] = AssertionProfileHost.IapAudience,
            ["email"] = "alice@example.com",
            ["exp"] = now + 600,
            ["iat"] = now,
            ["iss"] = "https://cloud.google.com/iap",
            ["hd"] = "example.com",
            ["sub"] = "accounts.google.com:118133858486581853996",
        });

    private static (JsonObject Header, JsonObject Payload) CreateLoadBalancer(long now) => (
        new JsonObject
        {
            ["typ"] = "JWT",
            ["kid"] = ProxyKeys.EcId,
            ["alg"] = "ES256",
            ["iss"] = AssertionProfileHost.LoadBalancerIssuer,
            ["client"] = "client-1",
            ["signer"] = AssertionProfileHost.Signer,
            ["exp"] = now + 120,
        },
        new JsonObject
        {
            ["sub"] = "1234567890",
            ["name"] = "José Álvarez",
            ["email"] = "alias@example.com",
            ["exp"] = now + 120,
            ["iss"] = AssertionProfileHost.LoadBalancerIssuer,
        });

    private static (JsonObject Header, JsonObject Payload) CreatePomerium(long now) => (
        new JsonObject { ["alg"] = "ES256", ["kid"] = ProxyKeys.EcId, ["typ"] = "JWT" },
        new JsonObject
        {
            ["iss"] = AssertionProfileHost.PomeriumHost,
            ["aud"] = AssertionProfileHost.PomeriumHost,
            ["jti"] = "3d2f2a1e-7b1e-4a53-9a2b-0d9f8c1b2a3c",
            ["iat"] = now,
            ["exp"] = now + 300,
            ["sub"] = "alice-id",
            ["user"] = "alice-id",
            ["email"] = "alice@example.com",
            ["groups"] = new JsonArray("admin", "eng,ops"),
            ["sid"] = "session-1",
            ["name"] = "Älice",
        });
}
