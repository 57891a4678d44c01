namespace McpIdentityHeaders.Internal;

/// <summary>Reads <see cref="McpClientPoolOptions"/> from configuration: what is not there stays as it is.</summary>
internal static class McpClientPoolSettings
{
    /// <summary>What the pool's settings are called within the client's.</summary>
    internal const string Key = "Pool";

    private const string Known = "IdleTimeout, MaxSessions, ShareStatelessClients and CloseTimeout";

    /// <summary>Reads the pool's settings from among the client's, if they are there.</summary>
    /// <exception cref="InvalidOperationException">A setting is not known, or not of its type. The message has its path.</exception>
    internal static void Bind(IEnumerable<Setting> client, McpClientPoolOptions options)
    {
        foreach (Setting setting in client.Where(setting => setting.Key.Equals(Key, StringComparison.OrdinalIgnoreCase)).SelectMany(pool => pool.Children()))
        {
            Bind(setting, options);
        }
    }

    private static void Bind(Setting setting, McpClientPoolOptions options)
    {
        switch (setting.Key.ToUpperInvariant())
        {
            case "IDLETIMEOUT":
                options.IdleTimeout = setting.Duration();
                break;

            case "MAXSESSIONS":
                options.MaxSessions = setting.Number();
                break;

            case "SHARESTATELESSCLIENTS":
                options.ShareStatelessClients = setting.Boolean();
                break;

            case "CLOSETIMEOUT":
                options.CloseTimeout = setting.Duration();
                break;

            default:
                throw setting.Unknown(Known);
        }
    }
}
