using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Reads the SDK's transport options from configuration: the general binder cannot construct their required members.</summary>
internal static class McpClientSettings
{
    private static readonly SettingsTable<HttpClientTransportOptions> Table = new(
        ("Endpoint", (options, setting) => options.Endpoint = setting.GetHttpUri()),
        ("TransportMode", (options, setting) => options.TransportMode = setting.GetEnum<HttpTransportMode>()),
        ("Name", (options, setting) => options.Name = setting.GetString()),
        ("ConnectionTimeout", (options, setting) => options.ConnectionTimeout = setting.GetTimeSpan()),
        ("AdditionalHeaders", AddHeaders),

        // Read, so that the options' validation can refuse it.
        ("KnownSessionId", (options, setting) => options.KnownSessionId = setting.GetString()),
        ("EnableStandaloneGetStream", (options, setting) => options.EnableStandaloneGetStream = setting.GetBoolean()),
        ("OwnsSession", (options, setting) => options.OwnsSession = setting.GetBoolean()),
        ("MaxReconnectionAttempts", (options, setting) => options.MaxReconnectionAttempts = setting.GetInt32()),
        ("DefaultReconnectionInterval", (options, setting) => options.DefaultReconnectionInterval = setting.GetTimeSpan()));

    /// <summary>Reads the transport's settings. Others are ignored: the section may hold more of a backend than these.</summary>
    /// <inheritdoc cref="SettingsTable{TOptions}.BindKnown"/>
    internal static void Bind(IEnumerable<Setting> settings, HttpClientTransportOptions options) => Table.BindKnown(settings, options);

    private static void AddHeaders(HttpClientTransportOptions options, Setting setting)
    {
        // Copy: code may have given the same dictionary to several clients.
        options.AdditionalHeaders = TransportOptions.CopyOf(options.AdditionalHeaders ?? new Dictionary<string, string>());
        Setting.ForEach(setting.GetChildren(), header => options.AdditionalHeaders[GetName(header)] = header.GetString());
    }

    // A list's items are named by number: a key given so would go out in a header "0", and the backend would miss it.
    private static string GetName(Setting header) => header.Key.All(char.IsAsciiDigit)
        ? throw header.CreateError("is an item of a list, and not a header with its name")
        : header.Key;
}
