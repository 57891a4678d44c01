using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The sample backend in TypeScript, which verifies assertions with jose.</summary>
internal sealed class TypeScriptBackend : IAsyncDisposable
{
    public const string Install = "npm ci --prefix samples/TypeScriptBackend";

    public const string Audience = "https://typescript.example.com";

    private const string Listening = "listening ";

    private readonly ChildProcess _process;

    private TypeScriptBackend(ChildProcess process, string port)
    {
        _process = process;
        Endpoint = new Uri($"http://127.0.0.1:{port}/mcp");
    }

    public static string Script { get; } = Path.Combine(SampleFolder(), "server.mjs");

    public static bool IsInstalled => Directory.Exists(Path.Combine(SampleFolder(), "node_modules"));

    public Uri Endpoint { get; }

    /// <summary>Waits until it says why it refused a request: that may come after the response.</summary>
    public Task<string> WaitForRefusalAsync() =>
        _process.WaitForAsync(line => line.StartsWith("refused", StringComparison.Ordinal) ? line : null);

    public static async Task<TypeScriptBackend> StartAsync(Uri issuer)
    {
        ChildProcess process = ChildProcess.Start(
            "/usr/bin/env", $"ISSUER={AssertionHosts.NameOf(issuer)}", $"AUDIENCE={Audience}", "PORT=0", EverythingServer.Node!, Script);
        string port = await process.WaitForAsync(
            line => line.StartsWith(Listening, StringComparison.Ordinal) ? line[Listening.Length..] : null);
        return new TypeScriptBackend(process, port);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string SampleFolder([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "..", "samples", "TypeScriptBackend"));
}
