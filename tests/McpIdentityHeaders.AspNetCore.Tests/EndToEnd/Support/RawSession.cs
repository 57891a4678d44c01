using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json.Nodes;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A session of protocol 2025-11-25 without an MCP client; a test opens its stream.</summary>
internal sealed class RawSession : IDisposable
{
    private readonly HttpClient _client = new();
    private readonly Uri _endpoint;
    private readonly string _token;
    private string? _id;

    private RawSession(Uri endpoint, string token)
    {
        _endpoint = endpoint;
        _token = token;
    }

    /// <summary>Opens a session, and no stream.</summary>
    public static async Task<RawSession> OpenAsync(Uri endpoint, string token, JsonObject capabilities)
    {
        var session = new RawSession(endpoint, token);
        JsonNode initialize = JsonNode.Parse(RawInitialize.Message)!;
        initialize["params"]!["capabilities"] = capabilities.DeepClone();
        using HttpResponseMessage response = await session.PostAsync(initialize);
        session._id = Assert.Single(response.Headers.GetValues("Mcp-Session-Id"));
        await session.PostAsync(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = "notifications/initialized" });
        return session;
    }

    /// <summary>Opens the session's stream, and reads its first message.</summary>
    public async Task<JsonObject> ListenAsync()
    {
        using HttpResponseMessage response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, _endpoint));
        await foreach (SseItem<string> item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            if (item.Data.Length > 0)
            {
                return JsonNode.Parse(item.Data)!.AsObject();
            }
        }

        throw new InvalidOperationException("The stream has ended.");
    }

    public Task AnswerAsync(JsonObject question, JsonNode result) =>
        PostAsync(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = question["id"]!.DeepClone(), ["result"] = result });

    public void Dispose() => _client.Dispose();

    /// <summary>Sends a message, and gives the response that has begun.</summary>
    public Task<HttpResponseMessage> PostAsync(JsonNode message) => SendAsync(new HttpRequestMessage(HttpMethod.Post, _endpoint)
    {
        Content = new StringContent(message.ToJsonString(), Encoding.UTF8, "application/json"),
    });

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        if (_id is not null)
        {
            request.Headers.Add("MCP-Protocol-Version", "2025-11-25");
            request.Headers.Add("Mcp-Session-Id", _id);
        }

        HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.EnsureSuccessStatusCode();
    }
}
