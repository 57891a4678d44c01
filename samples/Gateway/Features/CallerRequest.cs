using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Backends;
using Gateway.Sessions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Features;

/// <summary>A request of one of the gateway's clients.</summary>
/// <exception cref="McpProtocolException">Its parameters are not of the protocol's form.</exception>
internal sealed class CallerRequest(McpServer server, JsonRpcRequest message, CallerSession? session)
{
    private const string Tasks = "io.modelcontextprotocol/tasks";

    public string Method => message.Method;

    public RequestId Id => message.Id;

    /// <summary>Gets the parameters. The request is handled once, so they are changed in place.</summary>
    public JsonObject Params { get; } = ReadObject(message.Params, "params");

    /// <summary>Gets the parameters' <c>_meta</c>, as the client sent it.</summary>
    public JsonObject Meta { get; } = ReadObject(message.Params?["_meta"], "_meta");

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
    public string GetString(string name) => GetString(Params, name);

    /// <inheritdoc cref="GetString(string)"/>
    public static string GetString(JsonObject holder, string name) =>
        holder[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw new McpProtocolException($"The parameter '{name}' is missing, or is no string.", McpErrorCode.InvalidParams);

    /// <summary>Gets a parameter that is an object.</summary>
    /// <exception cref="McpProtocolException">It is missing, or none.</exception>
    public JsonObject GetObject(string name) => Params[name] is { } value
        ? ReadObject(value, name)
        : throw new McpProtocolException($"The parameter '{name}' is missing.", McpErrorCode.InvalidParams);

    /// <summary>Sends a notification on the stream of the response to this request.</summary>
    public Task NotifyAsync(string method, JsonNode? parameters, CancellationToken cancellationToken) =>
        Server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, cancellationToken);

    /// <summary>Reads an object, or an empty one where there is none.</summary>
    private static JsonObject ReadObject(JsonNode? node, string name)
    {
        try
        {
            JsonObject found = node?.AsObject() ?? [];

            // Counting reads all members: one that is there twice throws here, and no longer where it is looked for.
            _ = found.Count;
            WritableJson.Ensure(found);
            return found;
        }
        catch (Exception exception) when (BackendErrors.IsMalformed(exception))
        {
            throw new McpProtocolException(
                $"The parameter '{name}' is no object, or has a member twice, or text that is none.",
                exception,
                McpErrorCode.InvalidParams);
        }
    }

    /// <summary>Reads what a client says of itself as it opens its session.</summary>
    private static ClientCapabilities? ReadFrom(JsonRpcRequest initialize) =>
        initialize.Params?["capabilities"]?.Deserialize<ClientCapabilities>(McpJsonUtilities.DefaultOptions);

    private string ReadPassedCapabilities()
    {
        JsonObject passed = session is null && Meta[MetaKeys.ClientCapabilities] is { } sent
            ? ReadObject(sent, MetaKeys.ClientCapabilities)
            : JsonSerializer.SerializeToNode(Capabilities, McpJsonUtilities.DefaultOptions)!.AsObject();
        if (passed["extensions"] is { } extensions && ReadObject(extensions, "extensions").ContainsKey(Tasks))
        {
            passed = passed.DeepClone().AsObject();
            passed["extensions"]!.AsObject().Remove(Tasks);
        }

        return passed.ToJsonString();
    }
}
