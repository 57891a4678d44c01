using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>A public JSON document that caches may keep for a while and ask about again (RFC 9110, section 8.8.3).</summary>
internal static class PublishedDocument
{
    // A rotation publishes a key this long before it signs.
    private const string CacheControl = "public, max-age=300";

    internal static async Task WriteAsync(HttpContext context, byte[] document)
    {
        string tag = $"\"{Base64Url.EncodeToString(SHA256.HashData(document))}\"";
        HttpResponse response = context.Response;
        response.Headers.CacheControl = CacheControl;
        response.Headers.ETag = tag;
        if (IsKnown(context.Request, tag))
        {
            response.StatusCode = (int)HttpStatusCode.NotModified;
            return;
        }

        response.ContentType = "application/json";
        response.ContentLength = document.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(document, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static bool IsKnown(HttpRequest request, string tag) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out IList<EntityTagHeaderValue>? known)
        && known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Tag == tag);
}
