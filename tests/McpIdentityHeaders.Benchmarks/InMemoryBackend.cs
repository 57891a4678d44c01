using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// A primary handler that responds as an MCP server with sessions, at once and without a socket: leaves the client's cost.
/// </summary>
internal sealed class InMemoryBackend : HttpMessageHandler
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private int _sessions;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Get)
        {
            return new HttpResponseMessage(HttpStatusCode.MethodNotAllowed);
        }

        if (request.Method == HttpMethod.Delete)
        {
            return new HttpResponseMessage(HttpStatusCode.OK);
        }

        using JsonDocument message = JsonDocument.Parse(await request.Content!.ReadAsByteArrayAsync(cancellationToken));
        if (!message.RootElement.TryGetProperty("id", out JsonElement id))
        {
            return new HttpResponseMessage(HttpStatusCode.Accepted);
        }

        bool isFirst = message.RootElement.GetProperty("method").ValueEquals("initialize");
        string result = isFirst
            ? """{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"memory","version":"1"}}"""
            : """{"content":[{"type":"text","text":"pong"}]}""";
        var response = new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes($$"""{"jsonrpc":"2.0","id":{{id.GetRawText()}},"result":{{result}}}""")),
        };
        response.Content.Headers.ContentType = Json;
        if (isFirst)
        {
            response.Headers.Add("Mcp-Session-Id", $"session-{Interlocked.Increment(ref _sessions)}");
        }

        return response;
    }
}
