using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Reads <see cref="ReceivedAssertionOptions"/> from configuration. Keys are given by code, or fetched.</summary>
internal static class ReceivedAssertionSettings
{
    private static readonly SettingsTable<ReceivedAssertionOptions> Table = new(
        ("Profile", (options, setting) => options.Profile = setting.GetEnum<IdentityAssertionProfile>()),
        ("HeaderName", (options, setting) => options.HeaderName = setting.GetString()),
        ("Issuer", (options, setting) => options.Issuer = setting.GetString()),
        ("Audience", (options, setting) => options.Audience = setting.GetString()),
        ("Signer", (options, setting) => options.Signer = setting.GetString()),
        ("Authority", (options, setting) => options.Authority = setting.GetHttpUri()),
        ("KeySetUri", (options, setting) => options.KeySetUri = setting.GetHttpUri()),
        ("KeyRefreshInterval", (options, setting) => options.KeyRefreshInterval = setting.GetTimeSpan()),
        ("Algorithms", (options, setting) => setting.ReplaceItemsOf(options.Algorithms, algorithm => algorithm.GetString())),
        ("TokenType", (options, setting) => options.TokenType = setting.GetString()),
        ("ClockSkew", (options, setting) => options.ClockSkew = setting.GetTimeSpan()),
        ("MaxLifetime", (options, setting) => options.MaxLifetime = setting.GetTimeSpan()),
        ("MaxTokenLength", (options, setting) => options.MaxTokenLength = setting.GetInt32()),
        ("RequireBinding", (options, setting) => options.RequireBinding = setting.GetBoolean()),
        ("PublicOrigin", (options, setting) => options.PublicOrigin = setting.GetHttpUri()),
        ("Headers", (options, setting) => ClaimInjectionSettings.AddHeaders(setting, options.Headers)),
        ("Encoding", (options, setting) => options.Encoding = setting.GetEnum<HeaderValueEncoding>()),
        ("NameClaimType", (options, setting) => options.NameClaimType = setting.GetString()),
        ("RoleClaimType", (options, setting) => options.RoleClaimType = setting.GetString()),
        ("UserActivityTag", (options, setting) => options.UserActivityTag = setting.GetEnum<UserActivityTag>()),
        ("UserActivityTagKey", (options, setting) => options.UserActivityTagKey = setting.GetString()));

    /// <inheritdoc cref="SettingsTable{TOptions}.Bind"/>
    internal static void Bind(IEnumerable<Setting> settings, ReceivedAssertionOptions options) => Table.Bind(settings, options);
}
