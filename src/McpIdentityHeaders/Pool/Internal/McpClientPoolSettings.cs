namespace McpIdentityHeaders.Internal;

/// <summary>Reads <see cref="McpClientPoolOptions"/> from configuration.</summary>
internal static class McpClientPoolSettings
{
    /// <summary>The name of the pool's settings within the client's.</summary>
    internal const string Key = "Pool";

    private static readonly SettingsTable<McpClientPoolOptions> Table = new(
        ("IdleTimeout", (options, setting) => options.IdleTimeout = setting.GetTimeSpan()),
        ("MaxSessions", (options, setting) => options.MaxSessions = setting.GetInt32()),
        ("MaxAnonymousSessions", (options, setting) => options.MaxAnonymousSessions = setting.GetInt32()),
        ("ShareStatelessClients", (options, setting) => options.ShareStatelessClients = setting.GetBoolean()),
        ("SessionKeyClaimTypes", (options, setting) => setting.AddItemsTo(options.SessionKeyClaimTypes, type => type.GetString())),
        ("CloseTimeout", (options, setting) => options.CloseTimeout = setting.GetTimeSpan()));

    /// <summary>Reads the pool's settings from among the client's, if any.</summary>
    /// <inheritdoc cref="SettingsTable{TOptions}.Bind"/>
    internal static void Bind(IEnumerable<Setting> client, McpClientPoolOptions options)
    {
        foreach (Setting pool in client.Where(setting => setting.Key.Equals(Key, StringComparison.OrdinalIgnoreCase)))
        {
            Table.Bind(pool.GetChildren(), options);
        }
    }
}
