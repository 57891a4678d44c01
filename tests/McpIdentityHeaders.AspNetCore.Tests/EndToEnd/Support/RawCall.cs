using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json.Nodes;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A request of protocol 2026-07-28 without an MCP client, for what a client of the SDK leaves out or adds.</summary>
internal static class RawCall
{
    /// <summary>Sends a request, and reads all messages of the response.</summary>
    public static async Task<IReadOnlyList<JsonObject>> SendAsync(
        Uri endpoint, string token, string method, JsonObject parameters, JsonObject? capabilities = null)
    {
        List<JsonObject> messages = [];
        await foreach (JsonObject message in ReadAsync(endpoint, token, method, parameters, capabilities))
        {
            messages.Add(message);
        }

        return messages;
    }

    /// <summary>Sends a request, and reads the messages of the response as they come.</summary>
    public static async IAsyncEnumerable<JsonObject> ReadAsync(
        Uri endpoint, string token, string method, JsonObject parameters, JsonObject? capabilities = null)
    {
        using HttpResponseMessage response = await PostAsync(endpoint, token, method, parameters, capabilities);
        await foreach (JsonObject message in ReadAsync(response))
        {
            yield return message;
        }
    }

    /// <summary>Reads the messages of a response as they come.</summary>
    public static async IAsyncEnumerable<JsonObject> ReadAsync(HttpResponseMessage response)
    {
        Stream body = await response.Content.ReadAsStreamAsync();
        if (response.Content.Headers.ContentType?.MediaType == "application/json")
        {
            yield return JsonNode.Parse(body)!.AsObject();
            yield break;
        }

        await foreach (SseItem<string> item in SseParser.Create(body).EnumerateAsync())
        {
            if (item.Data.Length > 0)
            {
                yield return JsonNode.Parse(item.Data)!.AsObject();
            }
        }
    }

    /// <summary>Sends a request, with further headers.</summary>
    public static async Task<HttpResponseMessage> PostAsync(
        Uri endpoint,
        string token,
        string method,
        JsonObject parameters,
        JsonObject? capabilities = null,
        params (string Name, string Value)[] headers)
    {
        JsonObject sent = parameters.DeepClone().AsObject();
        JsonObject meta = sent["_meta"]?.AsObject() ?? [];
        meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
        meta["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "tests", ["version"] = "1" };
        meta["io.modelcontextprotocol/clientCapabilities"] = capabilities?.DeepClone() ?? new JsonObject();
        sent["_meta"] = meta;
        var message = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = sent };
        JsonNode? name = parameters["name"] ?? parameters["uri"];
        return await PostAsync(
            endpoint,
            token,
            message.ToJsonString(),
            [
                ("MCP-Protocol-Version", "2026-07-28"),
                ("Mcp-Method", method),
                .. name is null ? [] : new[] { ("Mcp-Name", name.ToString()) },
                .. headers,
            ]);
    }

    /// <summary>Sends a message as it is, with headers.</summary>
    public static async Task<HttpResponseMessage> PostAsync(
        Uri endpoint, string token, string message, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        request.Content = new StringContent(message, Encoding.UTF8, "application/json");
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach ((string header, string value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(header, value));
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
