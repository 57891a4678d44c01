using System.Text.Json;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway;

/// <summary>
/// Before protocol 2026-07-28 structured results were objects, and strict clients refuse a whole list over a schema of anything else.
/// </summary>
internal static class OlderClients
{
    public static bool AreAsking(MessageContext context) =>
        string.CompareOrdinal(context.Server.NegotiatedProtocolVersion, "2026-07-28") < 0;

    /// <summary>Leaves out a schema of anything but an object.</summary>
    public static Tool Adapt(Tool tool)
    {
        if (tool.OutputSchema is { } schema && !IsOfObjects(schema))
        {
            tool.OutputSchema = null;
        }

        return tool;
    }

    /// <summary>Leaves out a structured result that is no object. Its text is in the content.</summary>
    public static CallToolResult Adapt(CallToolResult result)
    {
        if (result.StructuredContent is { ValueKind: not JsonValueKind.Object })
        {
            result.StructuredContent = null;
        }

        return result;
    }

    private static bool IsOfObjects(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object
        && schema.TryGetProperty("type", out JsonElement type)
        && type.ValueKind == JsonValueKind.String
        && type.ValueEquals("object");
}
