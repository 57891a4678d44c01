using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Reads <see cref="IdentityHeadersOptions"/> from configuration.</summary>
internal static class IdentityHeadersSettings
{
    private static readonly SettingsTable<IdentityHeadersOptions> Table = new(
        ("Profile", (options, setting) => options.Profile = setting.GetEnum<IdentityHeadersProfile>()),
        ("Headers", (options, setting) => ClaimInjectionSettings.AddHeaders(setting, options.Headers)),
        ("SubjectClaimTypes", (options, setting) => setting.ReplaceItemsOf(options.SubjectClaimTypes, claimType => claimType.GetString())),
        ("Encoding", (options, setting) => options.Encoding = setting.GetEnum<HeaderValueEncoding>()),
        ("MaxHeaderValueLength", (options, setting) => options.MaxHeaderValueLength = setting.GetInt32()),
        ("MaxTotalLength", (options, setting) => options.MaxTotalLength = setting.GetInt32()),
        ("TrustedPeers", (options, setting) => setting.AddItemsTo(options.TrustedPeers, ReadPeer)),
        ("SharedSecrets", (options, setting) => setting.AddItemsTo(options.SharedSecrets, ClaimInjectionSettings.ReadSecret)),
        ("RemoveIdentityHeaders", (options, setting) => options.RemoveIdentityHeaders = setting.GetBoolean()),
        ("NameClaimType", (options, setting) => options.NameClaimType = setting.GetString()),
        ("RoleClaimType", (options, setting) => options.RoleClaimType = setting.GetString()),
        ("UserActivityTag", (options, setting) => options.UserActivityTag = setting.GetEnum<UserActivityTag>()),
        ("UserActivityTagKey", (options, setting) => options.UserActivityTagKey = setting.GetString()));

    /// <inheritdoc cref="SettingsTable{TOptions}.Bind"/>
    internal static void Bind(IEnumerable<Setting> settings, IdentityHeadersOptions options) => Table.Bind(settings, options);

    private static string ReadPeer(Setting setting) => TrustedPeer.Parse(setting.GetString(), out string? error) is not null
        ? setting.GetString()
        : throw setting.CreateError(error!);
}
