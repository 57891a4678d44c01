using System.Text.Json.Nodes;

namespace Gateway.Backends;

/// <summary>The URIs in what a backend sends: each as the gateway's clients name it.</summary>
internal static class BackendUris
{
    /// <summary>Qualifies the URI that a resource, a link or a template has in a property.</summary>
    public static void Qualify(string prefix, JsonNode? holder, string property)
    {
        if (holder is JsonObject members)
        {
            QualifyProperty(prefix, members, property);
            QualifyMeta(prefix, members["_meta"]);
        }
    }

    /// <summary>Qualifies the links and embedded resources in a block of content, or in a list of them.</summary>
    public static void QualifyContent(string prefix, JsonNode? content)
    {
        foreach (JsonNode? block in content as JsonArray ?? [])
        {
            QualifyBlock(prefix, block);
        }

        QualifyBlock(prefix, content as JsonObject);
    }

    /// <summary>Qualifies where a tool's user interface is (MCP Apps).</summary>
    public static void QualifyMeta(string prefix, JsonNode? meta)
    {
        if (meta is JsonObject members)
        {
            QualifyProperty(prefix, members, "ui/resourceUri");
            QualifyProperty(prefix, members["ui"] as JsonObject, "resourceUri");
        }
    }

    private static void QualifyBlock(string prefix, JsonNode? block)
    {
        switch ((block as JsonObject)?["type"]?.ToString())
        {
            case "resource_link":
                Qualify(prefix, block, "uri");
                break;
            case "resource":
                Qualify(prefix, block!["resource"], "uri");
                break;
            case "tool_result":
                QualifyContent(prefix, block!["content"]);
                break;
            default:
                break;
        }
    }

    private static void QualifyProperty(string prefix, JsonObject? holder, string property)
    {
        if (holder?[property] is JsonValue uri)
        {
            holder[property] = BackendDirectory.QualifyUri(prefix, uri.ToString());
        }
    }
}
