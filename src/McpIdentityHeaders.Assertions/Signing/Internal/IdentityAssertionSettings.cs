namespace McpIdentityHeaders.Internal;

/// <summary>Reads <see cref="IdentityAssertionOptions"/> from configuration.</summary>
internal static class IdentityAssertionSettings
{
    private static readonly SettingsTable<IdentityAssertionOptions> Table = new(
        ("Issuer", (options, setting) => options.Issuer = setting.GetString()),
        ("Audience", (options, setting) => options.Audience = setting.GetString()),
        ("Lifetime", (options, setting) => options.Lifetime = setting.GetTimeSpan()),
        ("HeaderName", (options, setting) => options.HeaderName = setting.GetString()),
        ("UseAuthorizationHeader", (options, setting) => options.UseAuthorizationHeader = setting.GetBoolean()),
        ("TokenType", (options, setting) => options.TokenType = setting.GetString()),
        ("ReplaceHeaders", (options, setting) => options.ReplaceHeaders = setting.GetBoolean()),
        ("BindRequest", (options, setting) => options.BindRequest = setting.GetBoolean()),
        ("Actor", (options, setting) => options.Actor = setting.GetString()),
        ("MaxTokenLength", (options, setting) => options.MaxTokenLength = setting.GetInt32()),
        ("Keys", (options, setting) => Setting.ForEach(setting.GetChildren(), key => AddKey(key, options.Keys))));

    private static readonly SettingsTable<KeySettings> KeyTable = new(
        ("PemFile", (key, setting) => key.PemFile = setting.GetString()),
        ("Algorithm", (key, setting) => key.Algorithm = setting.GetString()));

    /// <inheritdoc cref="SettingsTable{TOptions}.Bind"/>
    internal static void Bind(IEnumerable<Setting> settings, IdentityAssertionOptions options) => Table.Bind(settings, options);

    private static void AddKey(Setting setting, IdentityAssertionKeys keys)
    {
        KeySettings key = new();
        KeyTable.Bind(setting.GetChildren(), key);
        keys.AddPemFile(
            key.PemFile ?? throw setting.CreateError("has no PemFile such as '/run/secrets/assertion-key.pem'"), key.Algorithm);
    }

    private sealed class KeySettings
    {
        internal string? PemFile { get; set; }

        internal string? Algorithm { get; set; }
    }
}
