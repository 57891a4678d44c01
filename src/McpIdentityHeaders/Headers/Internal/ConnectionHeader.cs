using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The Connection header lists headers that the next proxy drops (RFC 9110, section 7.6.1). An identity header listed there would reach the
/// backend as an anonymous request.
/// </summary>
internal static class ConnectionHeader
{
    internal const string HeaderName = "Connection";

    internal static bool Is(string headerName) => headerName.Equals(HeaderName, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether this is the Connection header and lists an identity header.</summary>
    internal static bool Names(string headerName, HeaderStringValues values, IdentityHeaderNames names) =>
        Is(headerName) && names.AreListedIn(values);

    internal static void CopyWithoutIdentityHeaders(HeaderStringValues values, IdentityHeaderNames names, HttpRequestMessage clone)
    {
        foreach (string entry in values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (entry.Length > 0 && !names.Contains(entry))
            {
                clone.Headers.TryAddWithoutValidation(HeaderName, entry);
            }
        }
    }
}
