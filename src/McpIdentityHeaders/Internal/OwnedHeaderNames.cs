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
            _lengths |= 1UL << name.Length;
        }
    }

    internal bool Contains(ReadOnlySpan<char> headerName) => (_lengths >> headerName.Length & 1) != 0 && IsAlias(headerName);

    private bool IsAlias(ReadOnlySpan<char> headerName)
    {
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
