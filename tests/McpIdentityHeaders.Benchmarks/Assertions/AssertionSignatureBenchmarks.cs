using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using McpIdentityHeaders.Benchmarks.Injection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Benchmarks.Assertions;

/// <summary>What a new ES256 assertion costs beside the signature alone, by the same key over the same bytes.</summary>
[MemoryDiagnoser]
public class AssertionSignatureBenchmarks
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly SigningCredentials _credentials;
    private readonly SigningClient _client;
    private readonly byte[] _signed;

    public AssertionSignatureBenchmarks()
    {
        _client = new SigningClient(_key, new MinuteClock());
        _credentials = new SigningCredentials(new ECDsaSecurityKey(_key) { KeyId = "key" }, SecurityAlgorithms.EcdsaSha256);
        string token = _client.Sign();
        _signed = Encoding.ASCII.GetBytes(token[..token.LastIndexOf('.')]);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _client.Dispose();
        _key.Dispose();
    }

    [Benchmark(Baseline = true)]
    public byte[] Signature() => _key.SignData(_signed, HashAlgorithmName.SHA256);

    /// <summary>The same claims by Microsoft.IdentityModel.JsonWebTokens alone.</summary>
    [Benchmark]
    public string TokenOfTheLibrary() => _handler.CreateToken(new SecurityTokenDescriptor
    {
        Issuer = "https://gateway.example.com",
        Audience = "https://backend.example",
        IssuedAt = DateTime.UnixEpoch,
        NotBefore = DateTime.UnixEpoch,
        Expires = DateTime.UnixEpoch.AddMinutes(1),
        TokenType = "user-assertion+jwt",
        SigningCredentials = _credentials,
        Claims = new Dictionary<string, object>
        {
            ["sub"] = McpPost.ThreeHeaders[0].Value,
            ["email"] = McpPost.ThreeHeaders[1].Value,
            ["name"] = McpPost.ThreeHeaders[2].Value,
            ["jti"] = "bWFkZSBvZiBhIDE2IGI",
        },
    });

    [Benchmark]
    public string Assertion() => _client.Sign();
}
