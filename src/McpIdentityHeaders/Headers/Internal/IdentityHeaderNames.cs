namespace McpIdentityHeaders.Internal;

/// <summary>The names of one client's identity headers, and all aliases of them.</summary>
internal sealed class IdentityHeaderNames(IEnumerable<string> names)
{
    private readonly string[] _names = [.. names];

    /// <summary>Gets the configured names, without their aliases.</summary>
    internal ReadOnlySpan<string> Configured => _names;

    /// <summary>Whether it is one of the names, or an alias of one.</summary>
    internal bool Contains(ReadOnlySpan<char> headerName)
    {
        foreach (string name in _names)
        {
            if (name.Length == headerName.Length && HeaderAlias.Equals(name, headerName))
            {
                return true;
            }
        }

        return false;
    }
}
