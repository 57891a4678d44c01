namespace McpIdentityHeaders.Internal;

/// <summary>
/// The names of one client's identity headers, those of every shared secret that the application knows, and all aliases of
/// them.
/// </summary>
internal sealed class IdentityHeaderNames(IEnumerable<string> names, SharedSecretNames? secrets = null)
{
    private readonly string[] _names = [.. names];

    // A bit for each length: nearly all headers differ from every name in length alone, and this saves a tenth of a clone.
    private readonly uint _lengths = names.Aggregate(0u, (bits, name) => bits | (1u << (name.Length & 31)));

    // Then a header of nothing but such characters is compared as it is: nearly all headers are of those.
    private readonly bool _areSignificant = names.All(name => HeaderAlias.IsSignificant(name));

    /// <summary>Gets the configured names, without their aliases.</summary>
    internal ReadOnlySpan<string> Configured => _names;

    /// <summary>Whether a lenient reader could take an inbound header's name for one of the names.</summary>
    internal bool ContainsLeniently(string headerName) =>
        IsConfigured(headerName)
        || (!(_areSignificant && HeaderAlias.IsSignificant(headerName)) && IsConfiguredLeniently(headerName))
        || secrets?.ContainsLeniently(headerName) == true;

    /// <summary>Whether it is one of the names, or an alias of one.</summary>
    internal bool Contains(ReadOnlySpan<char> headerName) => IsConfigured(headerName) || secrets?.Contains(headerName) == true;

    private bool IsConfiguredLeniently(string headerName) =>
        Array.Exists(_names, name => HeaderAlias.EqualsLeniently(name, headerName));

    private bool IsConfigured(ReadOnlySpan<char> headerName)
    {
        if ((_lengths & (1u << (headerName.Length & 31))) == 0)
        {
            return false;
        }

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
