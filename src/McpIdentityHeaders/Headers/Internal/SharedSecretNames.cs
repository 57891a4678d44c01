namespace McpIdentityHeaders.Internal;

/// <summary>
/// The header names of every shared secret that this application knows, a client's or a receiver's. No client passes on what stands under
/// one of them, and no gateway takes it in: whoever guesses a secret could speak for users elsewhere.
/// </summary>
/// <remarks>Names are added and never removed, since a secret that is replaced may still be accepted somewhere.</remarks>
internal sealed class SharedSecretNames(IServiceProvider services, IEnumerable<SharedSecretSource> sources)
{
    private readonly Lock _lock = new();
    private volatile string[] _names = [];
    private volatile bool _isLoaded;

    /// <summary>Adds the names that valid settings have.</summary>
    internal void Add(IEnumerable<string> headerNames)
    {
        lock (_lock)
        {
            _names = [.. _names.Union(headerNames, StringComparer.OrdinalIgnoreCase)];
        }
    }

    /// <summary>Whether it is one of the names, or an alias of one.</summary>
    internal bool Contains(ReadOnlySpan<char> headerName)
    {
        Load();
        foreach (string name in _names)
        {
            if (HeaderAlias.Equals(name, headerName))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a lenient reader could take an inbound header's name for one of the names.</summary>
    internal bool ContainsLeniently(string headerName)
    {
        Load();
        return Array.Exists(_names, name => HeaderAlias.EqualsLeniently(name, headerName));
    }

    /// <summary>Reads all settings once. Where a host starts, it has read them before.</summary>
    private void Load()
    {
        if (_isLoaded)
        {
            return;
        }

        foreach (SharedSecretSource source in sources)
        {
            try
            {
                source.Load(services);
            }
            catch (Exception)
            {
                // Invalid settings are reported where they are used, and add their names once they are valid.
            }
        }

        _isLoaded = true;
    }
}
