using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AotTest;

/// <summary>A gateway that signs by a key in a file, and publishes the public half of it.</summary>
internal sealed class KeyPublisher : IAsyncDisposable
{
    public const string Issuer = "https://gateway.test";

    private readonly WebApplication _app;

    private KeyPublisher(WebApplication app, string keyFile)
    {
        _app = app;
        KeyFile = keyFile;
    }

    public string KeyFile { get; }

    public Uri KeySetUri => new(new Uri(_app.Urls.Single()), "/.well-known/jwks.json");

    public static async Task<KeyPublisher> StartAsync()
    {
        string keyFile = Path.GetTempFileName();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem());

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddMcpClient("backend", new Uri("https://backend.test/mcp")).AddIdentityAssertion(options =>
        {
            options.Issuer = Issuer;
            options.Keys.AddPemFile(keyFile);
        });

        WebApplication app = builder.Build();
        app.MapIdentityAssertionKeys();
        await app.StartAsync();
        return new KeyPublisher(app, keyFile);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        File.Delete(KeyFile);
    }
}
