namespace McpIdentityHeaders.Internal;

/// <summary>Reads <see cref="ClaimInjectionOptions"/> from configuration.</summary>
internal static class ClaimInjectionSettings
{
    /// <summary>Whether the headers of the section stand in for all others: no option, since code clears the collection.</summary>
    private const string ReplaceHeaders = "ReplaceHeaders";

    private static readonly SettingsTable<ClaimInjectionOptions> Table = new(
        ("Headers", (options, setting) => AddHeaders(setting, options.Headers)),
        (ReplaceHeaders, static (_, setting) => setting.GetBoolean()),
        ("SubjectClaimTypes", (options, setting) => setting.ReplaceItemsOf(options.SubjectClaimTypes, claimType => claimType.GetString())),
        ("MissingIdentity", (options, setting) => options.MissingIdentity = setting.GetEnum<MissingIdentityBehavior>()),
        ("Encoding", (options, setting) => options.Encoding = setting.GetEnum<HeaderValueEncoding>()),
        ("TrustedOrigins", (options, setting) => setting.AddItemsTo(options.TrustedOrigins, uri => uri.GetOriginUri())),
        ("TrustedServices", (options, setting) => setting.AddItemsTo(options.TrustedServices, uri => uri.GetOriginUri())),
        ("AllowAnyOrigin", (options, setting) => options.AllowAnyOrigin = setting.GetBoolean()),
        ("RequireHttps", (options, setting) => options.RequireHttps = setting.GetBoolean()),
        ("MaxRedirections", (options, setting) => options.MaxRedirections = setting.GetInt32()),
        ("MaxHeaderValueLength", (options, setting) => options.MaxHeaderValueLength = setting.GetInt32()),
        ("MaxTotalLength", (options, setting) => options.MaxTotalLength = setting.GetInt32()),
        ("OversizedValue", (options, setting) => options.OversizedValue = setting.GetEnum<OversizedValueBehavior>()),
        ("SharedSecret", (options, setting) => options.SharedSecret = ReadSecret(setting)),
        ("UserActivityTag", (options, setting) => options.UserActivityTag = setting.GetEnum<UserActivityTag>()),
        ("UserActivityTagKey", (options, setting) => options.UserActivityTagKey = setting.GetString()));

    private static readonly SettingsTable<HeaderSettings> HeaderTable = new(
        ("HeaderName", (header, setting) => header.HeaderName = setting.GetString()),
        ("ClaimTypes", (header, setting) => setting.AddItemsTo(header.ClaimTypes, claimType => claimType.GetString())),
        ("JsonPath", (header, setting) => header.JsonPath = setting.GetString()),
        ("Format", (header, setting) => header.Format = setting.GetEnum<ClaimValueFormat>()),
        ("Required", (header, setting) => header.Required = setting.GetBoolean()));

    private static readonly SettingsTable<SecretSettings> SecretTable = new(
        ("HeaderName", (secret, setting) => secret.HeaderName = setting.GetString()),
        ("Value", (secret, setting) => secret.Value = setting.GetString()));

    /// <inheritdoc cref="SettingsTable{TOptions}.Bind"/>
    internal static void Bind(IEnumerable<Setting> settings, ClaimInjectionOptions options)
    {
        Setting[] all = [.. settings];
        if (all.Any(setting => setting.Key.Equals(ReplaceHeaders, StringComparison.OrdinalIgnoreCase) && setting.GetBoolean()))
        {
            options.Headers.Clear();
        }

        Table.Bind(all, options);
    }

    internal static SharedSecret ReadSecret(Setting setting)
    {
        SecretSettings secret = new();
        SecretTable.Bind(setting.GetChildren(), secret);

        return secret is { HeaderName: { } headerName, Value: { } value }
            ? new SharedSecret(headerName, value)
            : throw setting.CreateError("has no HeaderName such as 'X-Gateway-Secret', or no Value");
    }

    /// <summary>Adds a list's headers. In one list, the later of two aliases would silently replace the earlier.</summary>
    internal static void AddHeaders(Setting setting, ClaimHeaderCollection headers)
    {
        List<string> names = [];
        Setting.ForEach(setting.GetChildren(), child =>
        {
            ClaimHeader header = ReadHeader(child);
            if (names.Find(name => HeaderAlias.Equals(name, header.HeaderName)) is { } alias)
            {
                throw child.CreateError(
                    $"has the HeaderName '{header.HeaderName}', and the list has '{alias}' already, which servers read as the same header");
            }

            names.Add(header.HeaderName);
            headers.Add(header);
        });
    }

    private static ClaimHeader ReadHeader(Setting setting)
    {
        HeaderSettings header = new();
        HeaderTable.Bind(setting.GetChildren(), header);

        return header is { HeaderName: { } headerName, ClaimTypes.Count: > 0 }
            ? new ClaimHeader(headerName, header.ClaimTypes)
            {
                JsonPath = header.JsonPath,
                Format = header.Format,
                Required = header.Required,
            }
            : throw setting.CreateError("has no HeaderName such as 'X-User-Groups', or no list of ClaimTypes such as [ 'groups' ]");
    }

    private sealed class HeaderSettings
    {
        internal string? HeaderName { get; set; }

        internal List<string> ClaimTypes { get; } = [];

        internal string? JsonPath { get; set; }

        internal ClaimValueFormat Format { get; set; }

        internal bool Required { get; set; }
    }

    private sealed class SecretSettings
    {
        internal string? HeaderName { get; set; }

        internal string? Value { get; set; }
    }
}
