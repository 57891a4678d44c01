using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Reads the SDK's <see cref="HttpClientTransportOptions"/> from configuration: what is not there stays as it is. The type has required
/// members, which a binder cannot make.
/// </summary>
internal static class McpClientSettings
{
    /// <summary>Reads what is the transport's. Other settings are passed over: the section may hold more of a backend than this.</summary>
    /// <exception cref="InvalidOperationException">A setting is not of its type. The message has its path.</exception>
    internal static void Bind(IEnumerable<Setting> settings, HttpClientTransportOptions options)
    {
        foreach (Setting setting in settings)
        {
            Bind(setting, options);
        }
    }

    private static void Bind(Setting setting, HttpClientTransportOptions options)
    {
        switch (setting.Key.ToUpperInvariant())
        {
            case "ENDPOINT":
                options.Endpoint = setting.HttpUri();
                break;

            case "TRANSPORTMODE":
                options.TransportMode = setting.Choice<HttpTransportMode>();
                break;

            case "NAME":
                options.Name = setting.Text();
                break;

            case "CONNECTIONTIMEOUT":
                options.ConnectionTimeout = setting.Duration();
                break;

            case "ADDITIONALHEADERS":
                // A copy: the dictionary that is there may be one that code gave to several clients.
                options.AdditionalHeaders = TransportOptions.CopyOf(options.AdditionalHeaders ?? new Dictionary<string, string>());
                foreach (Setting header in setting.Children())
                {
                    options.AdditionalHeaders[header.Key] = header.Text();
                }

                break;

            case "KNOWNSESSIONID":
                // Read, so that the options' validation can refuse it.
                options.KnownSessionId = setting.Text();
                break;

            case "ENABLESTANDALONEGETSTREAM":
                options.EnableStandaloneGetStream = setting.Boolean();
                break;

            case "OWNSSESSION":
                options.OwnsSession = setting.Boolean();
                break;

            case "MAXRECONNECTIONATTEMPTS":
                options.MaxReconnectionAttempts = setting.Number();
                break;

            case "DEFAULTRECONNECTIONINTERVAL":
                options.DefaultReconnectionInterval = setting.Duration();
                break;
        }
    }
}
