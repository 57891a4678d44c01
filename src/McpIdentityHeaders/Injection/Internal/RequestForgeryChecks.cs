using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>Finds what a request carries under the identity headers' names, and what could forge one of them further on.</summary>
internal sealed class RequestForgeryChecks(IdentityHeaderNames names, ClaimInjectionTelemetry telemetry)
{
    /// <summary>Whether a header, a content header, or an entry of the Connection header has an identity header's name.</summary>
    internal bool HasIdentityHeader(HttpRequestMessage request) =>
        request.Headers.NonValidated.Any(header => names.Contains(header.Key) || ConnectionHeader.Names(header.Key, header.Value, names))
        || request.Content?.Headers.NonValidated.Any(header => names.Contains(header.Key)) == true;

    /// <summary>
    /// Finds the headers with an identity header's name, and a Connection header that lists one. Refuses values with a line break, and an
    /// identity header's name among the content's headers.
    /// </summary>
    /// <returns>The headers' names; null where there is none.</returns>
    /// <exception cref="ClaimInjectionException">The request could forge an identity header.</exception>
    internal List<string>? FindIdentityHeaders(HttpRequestMessage request)
    {
        List<string>? found = null;
        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            ThrowIfLineBreak(name, values);
            if (names.Contains(name) || ConnectionHeader.Names(name, values, names))
            {
                (found ??= []).Add(name);
            }
        }

        // Content headers stand on the wire as any other.
        if (request.Content is { } content)
        {
            foreach ((string name, HeaderStringValues values) in content.Headers.NonValidated)
            {
                if (names.Contains(name))
                {
                    throw telemetry.Reject(
                        $"its content has the header '{name}', a name that belongs to the identity headers. Remove it from Content.Headers");
                }

                ThrowIfLineBreak(name, values);
            }
        }

        return found;
    }

    /// <summary>Refuses a value that could start a line of its own: one with CR, LF or NUL (RFC 9110, section 5.5).</summary>
    private void ThrowIfLineBreak(string name, HeaderStringValues values)
    {
        foreach (string value in values)
        {
            if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                throw telemetry.Reject($"its header '{name}' has a value with CR, LF or NUL. Remove them from the value, or the header");
            }
        }
    }
}
