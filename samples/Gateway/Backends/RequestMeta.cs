using System.Text.Json.Nodes;
using Gateway.Features;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>The <c>_meta</c> of requests and results: the client's own entries pass, and those about one connection are set anew.</summary>
internal static class RequestMeta
{
    private const string Reserved = "io.modelcontextprotocol/";
    private const string ProgressToken = "progressToken";

    /// <summary>Gets the client's own token for progress; null if it has not asked for any.</summary>
    public static JsonNode? GetProgressToken(CallerRequest caller) => caller.Meta[ProgressToken];

    /// <summary>Sets what the backend is told about the request.</summary>
    public static void Set(JsonObject parameters, string id, McpClient session, CallerRequest caller)
    {
        var meta = new JsonObject();
        foreach ((string key, JsonNode? value) in caller.Meta)
        {
            if (key != ProgressToken && !key.StartsWith(Reserved, StringComparison.Ordinal))
            {
                meta[key] = value?.DeepClone();
            }
        }

        // Asked for under a name that no other call has. Where the client has not asked, the backend is not asked either.
        if (GetProgressToken(caller) is not null)
        {
            meta[ProgressToken] = id;
        }

        if (session.HasNoHandshake())
        {
            // Without a handshake, each request says what the client is and can: the caller's client, and not the gateway.
            meta[MetaKeys.ProtocolVersion] = session.NegotiatedProtocolVersion;
            meta[MetaKeys.ClientInfo] = caller.ClientInfo ?? new JsonObject { ["name"] = "gateway", ["version"] = "1.0.0" };
            meta[MetaKeys.ClientCapabilities] = JsonNode.Parse(caller.PassedCapabilities);
            if (caller.LogLevel is { } level)
            {
                meta[MetaKeys.LogLevel] = level;
            }
        }

        parameters.Remove("_meta");
        if (meta.Count > 0)
        {
            parameters["_meta"] = meta;
        }
    }

    /// <summary>Leaves out of a result who the backend is: the gateway says who it is itself.</summary>
    public static void Clean(JsonObject result)
    {
        if (result["_meta"] is JsonObject meta && meta.Remove(MetaKeys.ServerInfo) && meta.Count == 0)
        {
            result.Remove("_meta");
        }
    }
}
