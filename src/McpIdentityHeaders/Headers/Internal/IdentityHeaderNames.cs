namespace McpIdentityHeaders.Internal;

/// <summary>The names of one client's identity headers, with all aliases.</summary>
internal sealed class IdentityHeaderNames(IEnumerable<string> names)
{
    private readonly string[] _names = [.. names];

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
}
