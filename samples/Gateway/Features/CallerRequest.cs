using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Features;

/// <summary>A request of one of the gateway's clients.</summary>
internal sealed class CallerRequest(MessageContext context, JsonRpcRequest message)
{
    private const string FirstProtocolWithoutSessions = "2026-07-28";

    public string Method => message.Method;

    public RequestId Id => message.Id;

    /// <summary>Gets the parameters. The request is handled once, so they are changed in place.</summary>
    public JsonObject Params { get; } = message.Params as JsonObject ?? [];

    public McpServer Server => context.Server;

    /// <summary>Gets whether the client's protocol has sessions, on which a server asks its questions.</summary>
    public bool HasSession =>
        string.CompareOrdinal(message.Context?.ProtocolVersion ?? Server.NegotiatedProtocolVersion, FirstProtocolWithoutSessions) < 0;

    /// <summary>Gets what the client can do: said once on a session, and with each request where there is none.</summary>
    public ClientCapabilities Capabilities =>
        (HasSession ? Server.ClientCapabilities : message.Context?.ClientCapabilities) ?? new ClientCapabilities();

    public Implementation? ClientInfo => HasSession ? Server.ClientInfo : message.Context?.ClientInfo;

    /// <exception cref="McpProtocolException">The parameter is missing, or no text.</exception>
    public string GetString(string name) =>
        Params[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw new McpProtocolException($"The parameter '{name}' is missing, or is no string.", McpErrorCode.InvalidParams);

    /// <summary>Sends a notification on the stream of the response to this request.</summary>
    public Task NotifyAsync(string method, JsonNode? parameters, CancellationToken cancellationToken) =>
        Server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, cancellationToken);
}
