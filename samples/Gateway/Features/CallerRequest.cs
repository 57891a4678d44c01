using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Sessions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Features;

/// <summary>A request of one of the gateway's clients.</summary>
internal sealed class CallerRequest(McpServer server, JsonRpcRequest message, CallerSession? session)
{
    public string Method => message.Method;

    public RequestId Id => message.Id;

    /// <summary>Gets the parameters. The request is handled once, so they are changed in place.</summary>
    public JsonObject Params { get; } = message.Params as JsonObject ?? [];

    /// <summary>Gets the parameters' <c>_meta</c>, as the client sent it.</summary>
    public JsonObject Meta { get; } = message.Params?["_meta"] as JsonObject ?? [];

    /// <summary>Gets the gateway's end of the client's connection. What is sent there goes on the stream of the response.</summary>
    public McpServer Server => server;

    /// <summary>Gets the client's session, on which a server asks its questions. Clients of protocol 2026-07-28 have none.</summary>
    public CallerSession? Session => session;

    /// <summary>Gets what the client can do: said once on a session, and with each request where there is none.</summary>
    public ClientCapabilities Capabilities { get; } =
        (session is null ? message.Context?.ClientCapabilities : server.ClientCapabilities ?? ReadFrom(message))
        ?? new ClientCapabilities();

    /// <summary>Gets what backends are told that the client can do, in JSON: all but tasks, which are not passed on.</summary>
    public string PassedCapabilities => field ??= ReadPassedCapabilities();

    /// <summary>Gets what the client says it is, in JSON.</summary>
    public JsonNode? ClientInfo => session is null
        ? Meta[MetaKeys.ClientInfo]?.DeepClone()
        : JsonSerializer.SerializeToNode(server.ClientInfo, McpJsonUtilities.DefaultOptions);

    /// <summary>Gets the least serious log messages that the client wants; null for none.</summary>
    public string? LogLevel => session is null ? Meta[MetaKeys.LogLevel]?.ToString() : session.LogLevel;

    /// <exception cref="McpProtocolException">The parameter is missing, or no string.</exception>
    public string GetString(string name) =>
        Params[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw new McpProtocolException($"The parameter '{name}' is missing, or is no string.", McpErrorCode.InvalidParams);

    /// <summary>Sends a notification on the stream of the response to this request.</summary>
    public Task NotifyAsync(string method, JsonNode? parameters, CancellationToken cancellationToken) =>
        Server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, cancellationToken);

    /// <summary>Reads what a client says of itself as it opens its session.</summary>
    private static ClientCapabilities? ReadFrom(JsonRpcRequest initialize) =>
        initialize.Params?["capabilities"]?.Deserialize<ClientCapabilities>(McpJsonUtilities.DefaultOptions);

    private string ReadPassedCapabilities()
    {
        JsonNode passed = session is null && Meta[MetaKeys.ClientCapabilities]?.DeepClone() is { } sent
            ? sent
            : JsonSerializer.SerializeToNode(Capabilities, McpJsonUtilities.DefaultOptions)!;
        (passed["extensions"] as JsonObject)?.Remove("io.modelcontextprotocol/tasks");
        return passed.ToJsonString();
    }
}
