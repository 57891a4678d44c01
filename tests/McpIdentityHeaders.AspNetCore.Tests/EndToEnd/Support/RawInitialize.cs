using System.Net;
using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The first message of an MCP session, sent without an MCP client, for the HTTP answer alone.</summary>
internal static class RawInitialize
{
    public const string Message = """
        {
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": { "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "tests", "version": "1" } }
        }
        """;

    /// <summary>Opens a session, and gives its id.</summary>
    public static async Task<string> OpenAsync(Uri endpoint, string token)
    {
        using HttpResponseMessage response = await RawCall.PostAsync(endpoint, token, Message);
        return Assert.Single(response.Headers.GetValues("Mcp-Session-Id"));
    }

    public static async Task<HttpStatusCode> SendAsync(Uri endpoint, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        request.Content = new StringContent(Message, Encoding.UTF8, "application/json");
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        foreach ((string name, string value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using HttpResponseMessage response = await client.SendAsync(request);
        return response.StatusCode;
    }
}
