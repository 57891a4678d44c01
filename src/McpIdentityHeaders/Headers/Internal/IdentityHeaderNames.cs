namespace McpIdentityHeaders.Internal;

/// <summary>The names that one client's identity headers have, and all aliases of them.</summary>
internal sealed class IdentityHeaderNames
{
    private const string AliasedCharacters = "-_.";

    private readonly string[] _names;

    // One bit for the length and first letter of each name, and of Connection: nearly all of a request's headers share no bit with these.
    private readonly ulong _marks;

    internal IdentityHeaderNames(IEnumerable<string> names)
    {
        _names = [.. names];
        foreach (string name in _names.Append(ConnectionHeader.HeaderName))
        {
            // A mark tells letters from one another, whatever their case, but also aliases: a name that begins with one may be any.
            _marks |= AliasedCharacters.Contains(name[0], StringComparison.Ordinal) ? ulong.MaxValue : Mark(name);
        }
    }

    internal bool Contains(ReadOnlySpan<char> headerName)
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

    /// <summary>
    /// Whether a header may be owned, or be the Connection header, which may name one that is. False is certain; true is to be looked into.
    /// </summary>
    /// <param name="headerName">A token, as names of headers are.</param>
    internal bool MayConcern(string headerName) => (_marks & Mark(headerName)) != 0;

    private static ulong Mark(string name) => 1UL << ((name.Length * 11) + (name[0] | 0x20));
}
