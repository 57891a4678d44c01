using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Features;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>The <c>_meta</c> of requests and results: the client's own entries pass, and those about one connection are set anew.</summary>
internal static class RequestMeta
{
    private const string Reserved = "io.modelcontextprotocol/";
    private const string ServerInfo = Reserved + "serverInfo";
    private const string LogLevel = Reserved + "logLevel";
    private const string Tasks = Reserved + "tasks";
    private const string ProgressToken = "progressToken";

    /// <summary>Sets what the backend is told about the request.</summary>
    /// <returns>The client's own token for progress, or null if it has not asked for any: the backend is not asked either.</returns>
    public static JsonNode? Set(JsonObject parameters, string id, McpClient session, CallerRequest caller)
    {
        JsonObject? callersMeta = caller.Params["_meta"] as JsonObject;
        var meta = new JsonObject(
            from entry in callersMeta ?? []
            where entry.Key != ProgressToken && !entry.Key.StartsWith(Reserved, StringComparison.Ordinal)
            select KeyValuePair.Create(entry.Key, entry.Value?.DeepClone()));

        JsonNode? progressToken = callersMeta?[ProgressToken];
        if (progressToken is not null)
        {
            meta[ProgressToken] = id;
        }

        if (session.SessionId is null)
        {
            // Without a session, each request says what the client is and can: the caller's client, and not the gateway.
            meta[Reserved + "protocolVersion"] = session.NegotiatedProtocolVersion;
            meta[Reserved + "clientInfo"] = JsonSerializer.SerializeToNode(
                caller.ClientInfo ?? new Implementation { Name = "gateway", Version = "1.0.0" }, McpJsonUtilities.DefaultOptions);
            meta[Reserved + "clientCapabilities"] = CapabilitiesOf(caller);
            if (callersMeta?[LogLevel] is { } level)
            {
                meta[LogLevel] = level.DeepClone();
            }
        }

        parameters.Remove("_meta");
        if (meta.Count > 0)
        {
            parameters["_meta"] = meta;
        }

        return progressToken;
    }

    /// <summary>Leaves out of a result who the backend is: the gateway says who it is itself.</summary>
    public static JsonObject Clean(JsonObject result)
    {
        if (result["_meta"] is JsonObject meta && meta.Remove(ServerInfo) && meta.Count == 0)
        {
            result.Remove("_meta");
        }

        return result;
    }

    /// <summary>What the client can do, but for tasks, which are not passed on.</summary>
    private static JsonNode CapabilitiesOf(CallerRequest caller)
    {
        JsonNode capabilities = JsonSerializer.SerializeToNode(caller.Capabilities, McpJsonUtilities.DefaultOptions)!;
        (capabilities["extensions"] as JsonObject)?.Remove(Tasks);
        (capabilities as JsonObject)?.Remove("tasks");
        return capabilities;
    }
}
