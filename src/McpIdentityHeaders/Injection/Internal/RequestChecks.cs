using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>Finds what a request carries under our names, and what could forge one of them further on.</summary>
internal static class RequestChecks
{
    /// <summary>Whether a header, one of the content's, or an entry of the Connection header has an owned name.</summary>
    internal static bool HasOwned(HttpRequestMessage request, IdentityHeaderNames owned)
    {
        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            if (owned.Contains(name) || ConnectionHeader.Names(name, values, owned))
            {
                return true;
            }
        }

        if (request.Content is { } content)
        {
            foreach ((string name, HeaderStringValues _) in content.Headers.NonValidated)
            {
                if (owned.Contains(name))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Refuses what could forge a header of ours, without a copy being made.</summary>
    /// <returns>Whether a header, or an entry of the Connection header, has an owned name.</returns>
    internal static bool RefuseForgery(HttpRequestMessage request, ClaimInjectionClient client, IdentityHeaderNames owned)
    {
        bool hasOwned = false;
        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            RefuseLineBreaks(name, values, client);
            hasOwned |= owned.Contains(name) || ConnectionHeader.Names(name, values, owned);
        }

        RefuseForgeryInContent(request.Content, client, owned);
        return hasOwned;
    }

    /// <summary>Refuses an owned name among the content's headers, which stand on the wire as any other.</summary>
    internal static void RefuseForgeryInContent(HttpContent? content, ClaimInjectionClient client, IdentityHeaderNames owned)
    {
        if (content is null)
        {
            return;
        }

        foreach ((string name, HeaderStringValues values) in content.Headers.NonValidated)
        {
            if (owned.Contains(name))
            {
                throw client.Reject(
                    $"its content has the header '{name}', a name that belongs to the identity headers. Remove it from Content.Headers");
            }

            RefuseLineBreaks(name, values, client);
        }
    }

    /// <summary>Refuses a value that could start a line of its own: one with CR, LF or NUL (RFC 9110, section 5.5).</summary>
    internal static void RefuseLineBreak(string name, string value, ClaimInjectionClient client)
    {
        if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            throw client.Reject($"its header '{name}' has a value with CR, LF or NUL. Remove them from the value, or the header");
        }
    }

    internal static void RefuseLineBreaks(string name, HeaderStringValues values, ClaimInjectionClient client)
    {
        foreach (string value in values)
        {
            RefuseLineBreak(name, value, client);
        }
    }
}
