using System.Net.Http.Json;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Whether content can be sent a second time. A type that is not known might write nothing then, and the backend would take an empty body
/// for the real one, so it counts as not repeatable.
/// </summary>
internal static class RepeatableContent
{
    internal static bool IsRepeatable(HttpContent? content) => content switch
    {
        null or ByteArrayContent or ReadOnlyMemoryContent or JsonContent => true,
        MultipartContent parts => parts.All(IsRepeatable),

        // The content's own stream, which its constructor was given; reading it here moves nothing.
        StreamContent => content.ReadAsStream().CanSeek,
        _ => false,
    };
}
