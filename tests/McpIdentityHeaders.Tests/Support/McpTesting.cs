using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>MCP clients of the library, connected to the tests' backends.</summary>
internal static class McpTesting
{
    public const string ClientName = "backend";

    /// <summary>Services with one MCP client for a backend, with claim injection, that speaks the backend's protocol.</summary>
    public static ServiceCollection ServicesFor(
        McpBackend backend, Action<IHttpClientBuilder>? http = null, Action<McpClientOptions>? mcp = null)
    {
        var services = new ServiceCollection();
        IHttpClientBuilder builder = services.AddMcpClient(ClientName, backend.Endpoint);
        services.Configure<HttpClientTransportOptions>(ClientName, transport =>
        {
            transport.TransportMode = backend.Kind == McpBackendKind.LegacySse ? HttpTransportMode.Sse : HttpTransportMode.StreamableHttp;
            transport.DefaultReconnectionInterval = TimeSpan.FromMilliseconds(1);
        });
        services.Configure<McpClientOptions>(ClientName, options =>
        {
            options.ProtocolVersion = backend.Kind == McpBackendKind.Stateless ? "2026-07-28" : "2025-11-25";
            mcp?.Invoke(options);
        });
        builder.AddClaimInjection();
        http?.Invoke(builder);
        return services;
    }

    public static Task<McpClient> ConnectAsync(this IServiceProvider services) =>
        services.GetRequiredService<IMcpClientFactory>().CreateClientAsync(ClientName);

    /// <summary>Calls a tool and returns the text of its result.</summary>
    public static async Task<string> CallTextAsync(this McpClient client, string tool)
    {
        CallToolResult result = await client.CallToolAsync(tool);
        return Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;
    }
}
