using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A backend of protocol 2026-07-28 without any SDK, which answers with whatever text a test gives it.</summary>
internal sealed class HostileBackend
{
    /// <summary>What a list has beside its items.</summary>
    public const string Fields = """ "resultType": "complete", "ttlMs": 0, "cacheScope": "private" """;

    private const string Discovered = $$"""
        {
            "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {}, "prompts": {}, "resources": {}, "completions": {} },
            {{Fields}}
        }
        """;

    private readonly Dictionary<string, string> _results = new() { ["server/discover"] = Discovered };

    /// <summary>Sets the result of a method, as JSON or what looks like it.</summary>
    public string this[string method]
    {
        set => _results[method] = value;
    }

    /// <summary>Gets or sets what writes the messages of a call's stream, with the call's id.</summary>
    public Func<HttpContext, string, Task>? Stream { get; set; }

    /// <summary>Gets or sets what writes the messages to a client that listens.</summary>
    public Func<HttpContext, Task>? Listen { get; set; }

    public Task<RunningApp> StartAsync() => BareBackend.StartAsync(AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        JsonObject request = (await context.Request.ReadFromJsonAsync<JsonObject>())!;
        if (Stream is not null && (string)request["method"]! == "tools/call")
        {
            context.Response.ContentType = "text/event-stream";
            await Stream(context, request["id"]!.ToJsonString());
            return;
        }

        if (Listen is not null && (string)request["method"]! == "subscriptions/listen")
        {
            context.Response.ContentType = "text/event-stream";
            await Listen(context);
            return;
        }

        string result = _results.GetValueOrDefault((string)request["method"]!, "{}");
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""{ "jsonrpc": "2.0", "id": {{request["id"]!.ToJsonString()}}, "result": {{result}} }""");
    }
}
