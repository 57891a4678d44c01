namespace McpIdentityHeaders.Internal;

/// <summary>The names that one client's identity headers have, and all aliases of them.</summary>
internal sealed class OwnedHeaderNames
{
    private readonly string[] _names;

    // One bit a length: an alias is as long as its name, and most of a request's headers are of other lengths than ours.
    private readonly ulong _lengths;

    internal OwnedHeaderNames(IEnumerable<string> names)
    {
        _names = [.. names];
        foreach (string name in _names)
        {
            _lengths |= 1UL << (name.Length & 63);
        }
    }

    internal bool Contains(ReadOnlySpan<char> headerName)
    {
        if ((_lengths >> (headerName.Length & 63) & 1) == 0)
        {
            return false;
        }

        foreach (string name in _names)
        {
            if (HeaderAlias.Equals(name, headerName))
            {
                return true;
            }
        }

        return false;
    }
}
