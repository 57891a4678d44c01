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

        CheckContent(request);
        return found;
    }

    /// <summary>
    /// Copies the headers, but those with an identity header's name; of a Connection header, the entries that list none. Refuses what
    /// <see cref="FindIdentityHeaders"/> does.
    /// </summary>
    /// <remarks>
    /// NonValidated makes strings of the values on each enumeration: copying and checking in one saves a tenth of a clone.
    /// </remarks>
    /// <returns>How many headers had such a name, or listed one.</returns>
    /// <exception cref="ClaimInjectionException">The request could forge an identity header.</exception>
    internal int CopyOtherHeaders(HttpRequestMessage request, IdentityRequestMessage clone)
    {
        int found = 0;
        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            if (names.Contains(name))
            {
                found++;
                ThrowIfLineBreak(name, values);
            }
            else if (ConnectionHeader.Names(name, values, names))
            {
                found++;
                ThrowIfLineBreak(name, values);
                ConnectionHeader.CopyWithoutIdentityHeaders(values, names, clone);
            }
            else
            {
                foreach (string value in values)
                {
                    ThrowIfLineBreak(name, value);
                    clone.Headers.TryAddWithoutValidation(name, value);
                }
            }
        }

        CheckContent(request);
        return found;
    }

    private void CheckContent(HttpRequestMessage request)
    {
        // Content headers stand on the wire as any other.
        if (request.Content is { } content)
        {
            foreach ((string name, HeaderStringValues values) in content.Headers.NonValidated)
            {
                if (names.Contains(name))
                {
                    throw telemetry.Reject(
                        ClaimInjectionErrorReason.ForgedHeader,
                        $"its content has the header '{name}', a name that belongs to the identity headers. Remove it from "
                        + "Content.Headers");
                }

                ThrowIfLineBreak(name, values);
            }
        }
    }

    /// <summary>Refuses a value that could start a line of its own: one with CR, LF or NUL (RFC 9110, section 5.5).</summary>
    private void ThrowIfLineBreak(string name, HeaderStringValues values)
    {
        foreach (string value in values)
        {
            ThrowIfLineBreak(name, value);
        }
    }

    private void ThrowIfLineBreak(string name, string value)
    {
        if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            throw telemetry.Reject(
                ClaimInjectionErrorReason.ForgedHeader,
                $"its header '{name}' has a value with CR, LF or NUL. Remove them from the value, or the header");
        }
    }
}
