using System.Buffers;
using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>Finds what a request carries under our names, and what could forge one of them further on.</summary>
internal static class RequestChecks
{
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\r\n\0");

    /// <summary>Whether a header, one of the content's, or an entry of the Connection header has an owned name.</summary>
    internal static bool HasOwned(HttpRequestMessage request, OwnedHeaderNames owned)
    {
        if (OwnedInContent(request, owned) is not null)
        {
            return true;
        }

        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            if (owned.Contains(name) || ConnectionHeader.Names(name, values, owned))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Refuses an owned name among the content's headers, which stand on the wire as any other, and a value with CR, LF or NUL, which could
    /// start a line of its own (RFC 9110, section 5.5).
    /// </summary>
    internal static void RefuseForgery(HttpRequestMessage request, ClaimInjectionClient client, OwnedHeaderNames owned)
    {
        RefuseLineBreaks(request.Headers.NonValidated, client);

        if (OwnedInContent(request, owned) is { } name)
        {
            throw client.Reject(
                $"its content has the header '{name}', a name that belongs to the identity headers. Remove it from Content.Headers");
        }

        if (request.Content is { } content)
        {
            RefuseLineBreaks(content.Headers.NonValidated, client);
        }
    }

    private static string? OwnedInContent(HttpRequestMessage request, OwnedHeaderNames owned)
    {
        if (request.Content is not { } content)
        {
            return null;
        }

        foreach ((string name, HeaderStringValues _) in content.Headers.NonValidated)
        {
            if (owned.Contains(name))
            {
                return name;
            }
        }

        return null;
    }

    private static void RefuseLineBreaks(HttpHeadersNonValidated headers, ClaimInjectionClient client)
    {
        foreach ((string name, HeaderStringValues values) in headers)
        {
            foreach (string value in values)
            {
                if (value.AsSpan().ContainsAny(LineBreaks))
                {
                    throw client.Reject($"its header '{name}' has a value with CR, LF or NUL. Remove them from the value, or the header");
                }
            }
        }
    }
}
