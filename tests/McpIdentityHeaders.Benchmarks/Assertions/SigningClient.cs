using System.Security.Cryptography;
using McpIdentityHeaders.Benchmarks.Injection;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Benchmarks.Assertions;

/// <summary>A client of a container that sends assertions by a key in a file, as in production.</summary>
internal sealed class SigningClient : IDisposable
{
    private const string Name = "benchmark";

    private readonly string _file = Path.GetTempFileName();
    private readonly ServiceProvider _services;

    public SigningClient(ECDsa key, TimeProvider time)
    {
        File.WriteAllText(_file, key.ExportPkcs8PrivateKeyPem());
        var services = new ServiceCollection();
        services.AddSingleton(time);
        services.AddMcpClient(Name, McpPost.Endpoint).AddIdentityAssertion(options =>
        {
            options.Issuer = "https://gateway.example.com";
            options.Keys.AddPemFile(_file);
        });
        _services = services.BuildServiceProvider();
        State = _services.GetRequiredKeyedService<ClaimInjectionState>(Name);
        Signer = _services.GetRequiredKeyedService<IdentityAssertionState>(Name).Plan.Signer;
        Claims = new AssertedClaims("user-1", [.. McpPost.ThreeHeaders.Select(header => header.Value)], State.Plan);
    }

    public ClaimInjectionState State { get; }

    public AssertionSigner Signer { get; }

    /// <summary>Gets what the assertions of <see cref="Principals.Ascii"/> say.</summary>
    public AssertedClaims Claims { get; }

    public string Sign() => Signer.GetToken(Claims, "https://backend.example");

    public void Dispose()
    {
        _services.Dispose();
        File.Delete(_file);
    }
}
