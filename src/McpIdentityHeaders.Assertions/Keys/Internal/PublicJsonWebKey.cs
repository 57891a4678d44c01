using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Internal;

/// <summary>The public part of a key as a JSON Web Key (RFC 7517). It is made of the public parameters alone, and never had the others.</summary>
internal sealed class PublicJsonWebKey
{
    private readonly (string Name, string Value)[] _members;

    private PublicJsonWebKey(params (string Name, string Value)[] members) => _members = members;

    /// <exception cref="InvalidOperationException">The key cannot be published.</exception>
    internal static PublicJsonWebKey Of(AsymmetricSecurityKey key, string algorithm) => key switch
    {
        ECDsaSecurityKey curve => Of(curve.ECDsa.ExportParameters(includePrivateParameters: false), key.KeyId, algorithm),
        RsaSecurityKey { Rsa: { } rsa } => Of(rsa.ExportParameters(includePrivateParameters: false), key.KeyId, algorithm),
        RsaSecurityKey rsa => Of(rsa.Parameters, key.KeyId, algorithm),
        X509SecurityKey { PublicKey: ECDsa curve } => Of(curve.ExportParameters(includePrivateParameters: false), key.KeyId, algorithm),
        X509SecurityKey { PublicKey: RSA rsa } => Of(rsa.ExportParameters(includePrivateParameters: false), key.KeyId, algorithm),
        _ => throw new InvalidOperationException(
            $"a key of the type {key.GetType().Name} cannot be published. Use an ECDsaSecurityKey, RsaSecurityKey or X509SecurityKey"),
    };

    private static PublicJsonWebKey Of(ECParameters curve, string keyId, string algorithm) => new(
        ("kty", JsonWebAlgorithmsKeyTypes.EllipticCurve),
        ("use", "sig"),
        ("alg", algorithm),
        ("kid", keyId),
        ("crv", JsonWebKeyECTypes.P256),
        ("x", Base64UrlEncoder.Encode(curve.Q.X)),
        ("y", Base64UrlEncoder.Encode(curve.Q.Y)));

    private static PublicJsonWebKey Of(RSAParameters rsa, string keyId, string algorithm) => new(
        ("kty", JsonWebAlgorithmsKeyTypes.RSA),
        ("use", "sig"),
        ("alg", algorithm),
        ("kid", keyId),
        ("n", Base64UrlEncoder.Encode(rsa.Modulus)),
        ("e", Base64UrlEncoder.Encode(rsa.Exponent)));

    internal string KeyId => Array.Find(_members, member => member.Name == "kid").Value;

    internal string Algorithm => Array.Find(_members, member => member.Name == "alg").Value;

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach ((string name, string value) in _members)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
    }
}
