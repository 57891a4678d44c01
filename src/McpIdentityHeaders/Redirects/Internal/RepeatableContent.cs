using System.Collections;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Whether content can be sent a second time. An unknown type might write nothing then, and the backend would take an empty body for the
/// real one, so it counts as not repeatable.
/// </summary>
internal static class RepeatableContent
{
    internal static bool IsRepeatable(HttpContent? content) => content switch
    {
        null or ByteArrayContent or ReadOnlyMemoryContent => true,
        JsonContent json => !IsEnumeratedOnTheFly(json),
        MultipartContent parts => parts.All(IsRepeatable),

        // The content's own stream, which its constructor was given; reading it here moves nothing. A class derived from it may write what
        // it likes.
        StreamContent when content.GetType() == typeof(StreamContent) => content.ReadAsStream().CanSeek,
        _ => false,
    };

    /// <summary>Whether the value is a sequence that is produced as it is written, and perhaps only once.</summary>
    private static bool IsEnumeratedOnTheFly(JsonContent json) =>
        json.Value is IEnumerable and not (ICollection or string or JsonNode)
        || (json.ObjectType.IsGenericType && json.ObjectType.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>));
}
