using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace Gateway.Features;

/// <summary>What a result has to have, and must not have, in the protocol revision of the client. Strict clients refuse the rest.</summary>
internal static class ProtocolRevisions
{
    private static readonly string[] Cacheable =
    [
        RequestMethods.ToolsList, RequestMethods.PromptsList, RequestMethods.ResourcesList, RequestMethods.ResourcesTemplatesList,
        RequestMethods.ResourcesRead,
    ];

    /// <summary>Sets the fields of protocol 2026-07-28 in a result, or leaves them out for older clients.</summary>
    public static JsonObject Adapt(JsonObject result, CallerRequest request)
    {
        if (request.Session is not null)
        {
            result.Remove("resultType");
            result.Remove("ttlMs");
            result.Remove("cacheScope");
            return result;
        }

        result["resultType"] ??= "complete";
        if (Cacheable.Contains(request.Method))
        {
            // What one user may see is not for a cache that others share.
            result["ttlMs"] ??= 0;
            result["cacheScope"] = "private";
        }

        return result;
    }

    /// <summary>Leaves out a tool's schema of anything but an object: before 2026-07-28, structured results were objects.</summary>
    public static void AdaptTool(JsonObject tool, CallerRequest request)
    {
        if (request.Session is not null && tool["outputSchema"] is { } schema && !IsOfObjects(schema))
        {
            tool.Remove("outputSchema");
        }
    }

    /// <summary>Leaves out a structured result that is no object. Its text is in the content.</summary>
    public static void AdaptToolResult(JsonObject result, CallerRequest request)
    {
        if (request.Session is not null && result["structuredContent"] is not JsonObject)
        {
            result.Remove("structuredContent");
        }
    }

    private static bool IsOfObjects(JsonNode schema) =>
        schema is JsonObject { } members
        && members["type"] is JsonValue type
        && type.GetValueKind() == JsonValueKind.String
        && type.GetValue<string>() == "object";
}
