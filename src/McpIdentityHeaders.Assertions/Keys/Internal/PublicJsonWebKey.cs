using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Internal;

/// <summary>The public part of a key as a JSON Web Key (RFC 7517). It never had other parameters than the public ones.</summary>
internal sealed class PublicJsonWebKey
{
    private readonly string _type;
    private readonly (string Name, string Value)[] _parameters;

    private PublicJsonWebKey(string keyId, string algorithm, string type, params (string Name, string Value)[] parameters)
    {
        _type = type;
        KeyId = keyId;
        Algorithm = algorithm;
        _parameters = parameters;
    }

    internal string KeyId { get; }

    internal string Algorithm { get; }

    /// <exception cref="InvalidOperationException">The key cannot be published.</exception>
    internal static PublicJsonWebKey Of(AsymmetricSecurityKey key, string algorithm) => key switch
    {
        ECDsaSecurityKey curve => Of(curve.ECDsa.ExportParameters(includePrivateParameters: false), key.KeyId, algorithm),
        RsaSecurityKey { Rsa: { } rsa } => Of(rsa.ExportParameters(includePrivateParameters: false), key.KeyId, algorithm),
        _ => throw new InvalidOperationException(
            $"a key of the type {key.GetType().Name} cannot be published. Use an ECDsaSecurityKey or RsaSecurityKey"),
    };

    /// <summary>Writes it.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="withAlgorithm">
    /// Whether it is for one algorithm. A key of two has one entry and names none: an id is to be unique in a set (RFC 7517, section 4.5).
    /// </param>
    internal void WriteTo(Utf8JsonWriter writer, bool withAlgorithm = true)
    {
        writer.WriteStartObject();
        writer.WriteString("kty", _type);
        writer.WriteString("use", "sig");
        if (withAlgorithm)
        {
            writer.WriteString("alg", Algorithm);
        }

        writer.WriteString("kid", KeyId);
        foreach ((string name, string value) in _parameters)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
    }

    private static PublicJsonWebKey Of(ECParameters curve, string keyId, string algorithm) => new(
        keyId,
        algorithm,
        JsonWebAlgorithmsKeyTypes.EllipticCurve,
        ("crv", JsonWebKeyECTypes.P256),
        ("x", Base64UrlEncoder.Encode(curve.Q.X)),
        ("y", Base64UrlEncoder.Encode(curve.Q.Y)));

    private static PublicJsonWebKey Of(RSAParameters rsa, string keyId, string algorithm) => new(
        keyId,
        algorithm,
        JsonWebAlgorithmsKeyTypes.RSA,
        ("n", Base64UrlEncoder.Encode(rsa.Modulus)),
        ("e", Base64UrlEncoder.Encode(rsa.Exponent)));
}
