using System.Text.Json;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The MCP project's own reference server, which knows nothing of identity headers.</summary>
internal sealed class EverythingServer : IAsyncDisposable
{
    private const string Listening = "listening ";
    private const string Request = "request ";

    private readonly ChildProcess _process;

    private EverythingServer(ChildProcess process, string port)
    {
        _process = process;
        Endpoint = new Uri($"http://127.0.0.1:{port}/mcp");
    }

    public static string? Node { get; } = ChildProcess.Find("node");

    public static string? Script { get; } = NodePackage.Find("@modelcontextprotocol", "server-everything", "dist", "index.js");

    public Uri Endpoint { get; }

    public static async Task<EverythingServer> StartAsync()
    {
        ChildProcess process = ChildProcess.Start(
            Node!, "--require", Path.Combine(NodePackage.Folder, "server-everything.cjs"), Script!, "streamableHttp");
        string port = await process.WaitForAsync(
            line => line.StartsWith(Listening, StringComparison.Ordinal) ? line[Listening.Length..] : null);
        return new EverythingServer(process, port);
    }

    /// <summary>Stops it, and tells all requests that it has had.</summary>
    public async Task<IReadOnlyList<McpExchange>> StopAsync()
    {
        await _process.StopAsync();
        return [.. _process.Lines.Where(line => line.StartsWith(Request, StringComparison.Ordinal)).Select(ToExchange)];
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static McpExchange ToExchange(string line)
    {
        JsonElement request = JsonSerializer.Deserialize<JsonElement>(line.AsSpan(Request.Length));
        var headers = request.GetProperty("headers").EnumerateObject()
            .ToDictionary(header => header.Name, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        return new McpExchange(request.GetProperty("method").GetString()!, "/mcp", string.Empty, headers);
    }
}
