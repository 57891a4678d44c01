using System.Security.Cryptography;

namespace McpIdentityHeaders.Assertions.Tests.Support;

/// <summary>A PEM file with a key, removed in the end.</summary>
internal sealed class TemporaryKeyFile : IDisposable
{
    public TemporaryKeyFile() => WriteNewKey();

    public string Path { get; } = System.IO.Path.GetTempFileName();

    public void WriteNewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Write(key.ExportPkcs8PrivateKeyPem());
    }

    public void Write(string text) => File.WriteAllText(Path, text);

    public void Dispose() => File.Delete(Path);
}
