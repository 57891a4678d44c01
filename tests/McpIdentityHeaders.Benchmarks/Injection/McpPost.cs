using System.Net.Http.Headers;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>A call of a tool as the MCP SDK's client posts it.</summary>
internal static class McpPost
{
    private static readonly MediaTypeWithQualityHeaderValue Json = new("application/json");
    private static readonly MediaTypeWithQualityHeaderValue EventStream = new("text/event-stream");
    private static readonly MediaTypeHeaderValue ContentType = new("application/json");

    private static readonly byte[] Body =
        """{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search","arguments":{"query":"identity"}}}"""u8.ToArray();

    /// <summary>Gets the headers of <see cref="Principals.Ascii"/>, for baselines that do not read claims.</summary>
    public static (string Name, string Value)[] ThreeHeaders { get; } =
    [
        ("X-User-Sub", "user-1"),
        ("X-User-Email", "user-1@example.com"),
        ("X-User-Name", "User 1"),
    ];

    public static Uri Endpoint { get; } = new("https://backend.example/mcp");

    public static HttpRequestMessage NewRequest()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Endpoint)
        {
            Content = new ByteArrayContent(Body) { Headers = { ContentType = ContentType } },
            Headers = { Accept = { Json, EventStream } },
        };
        request.Headers.Add("Mcp-Session-Id", "5f2b1c7e9a6d4f0b8c3e1d2a7b9f4c6e");
        request.Headers.Add("MCP-Protocol-Version", "2025-11-25");
        request.Headers.Add("Mcp-Method", "tools/call");
        request.Headers.Add("Mcp-Name", "search");
        return request;
    }
}
