using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The Connection header lists headers that the next proxy drops (RFC 9110, section 7.6.1). Whoever could name ours there would make a
/// backend believe that there is nobody.
/// </summary>
internal static class ConnectionHeader
{
    internal const string HeaderName = "Connection";

    internal static bool Is(string headerName) => headerName.Equals(HeaderName, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether this is the Connection header and lists an owned name.</summary>
    internal static bool Names(string headerName, HeaderStringValues values, IdentityHeaderNames owned)
    {
        if (!Is(headerName))
        {
            return false;
        }

        foreach (string value in values)
        {
            foreach (Range entry in value.AsSpan().Split(','))
            {
                if (owned.Contains(value.AsSpan(entry).Trim()))
                {
                    return true;
                }
            }
        }

        return false;
    }

    internal static void CopyWithoutOwned(HeaderStringValues values, IdentityHeaderNames owned, HttpRequestMessage clone)
    {
        foreach (string entry in values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (entry.Length > 0 && !owned.Contains(entry))
            {
                clone.Headers.TryAddWithoutValidation(HeaderName, entry);
            }
        }
    }
}
