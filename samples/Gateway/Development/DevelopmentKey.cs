using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.Development;

/// <summary>What a developer's gateway signs assertions with: in a file, as a real one, and made anew with each start.</summary>
internal sealed class DevelopmentKey : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public DevelopmentKey() => System.IO.File.WriteAllText(File, _key.ExportPkcs8PrivateKeyPem());

    public string File { get; } = Path.GetTempFileName();

    /// <summary>Gets the public half, under its thumbprint (RFC 7638).</summary>
    public Dictionary<string, string> PublicKey =>
        ToPublicKey(_key, Base64UrlEncoder.Encode(new ECDsaSecurityKey(_key).ComputeJwkThumbprint()));

    /// <summary>Gives a key's public half as a JSON Web Key (RFC 7518, section 6.2.1).</summary>
    public static Dictionary<string, string> ToPublicKey(ECDsa key, string id)
    {
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        return new Dictionary<string, string>
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["use"] = "sig",
            ["alg"] = SecurityAlgorithms.EcdsaSha256,
            ["kid"] = id,
            ["x"] = Base64UrlEncoder.Encode(point.X),
            ["y"] = Base64UrlEncoder.Encode(point.Y),
        };
    }

    public void Dispose()
    {
        System.IO.File.Delete(File);
        _key.Dispose();
    }
}
