using Microsoft.Extensions.Configuration;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// <see cref="HttpClientTransportOptions"/> as configuration holds them: what is not there stays as it is. A type of its own, since the
/// SDK's has required members, which the binding generator cannot make.
/// </summary>
internal sealed class McpClientSettings
{
    public Uri? Endpoint { get; set; }

    public HttpTransportMode? TransportMode { get; set; }

    public string? Name { get; set; }

    public TimeSpan? ConnectionTimeout { get; set; }

    public Dictionary<string, string>? AdditionalHeaders { get; set; }

    public bool? EnableStandaloneGetStream { get; set; }

    public bool? OwnsSession { get; set; }

    public int? MaxReconnectionAttempts { get; set; }

    public TimeSpan? DefaultReconnectionInterval { get; set; }

    /// <summary>Binds a section onto options. Sections that are not the transport's are passed over.</summary>
    /// <exception cref="InvalidOperationException">A setting is not of its type. The message has its path.</exception>
    internal static void Bind(IConfigurationSection section, HttpClientTransportOptions options)
    {
        if (section.Get<McpClientSettings>() is not { } settings)
        {
            return;
        }

        if (settings.Endpoint is { } endpoint)
        {
            if (!endpoint.IsAbsoluteUri || !ClaimInjectionOptionsValidator.IsHttp(endpoint))
            {
                throw new InvalidOperationException(
                    $"The configuration '{section.Path}:Endpoint' is '{endpoint}'. Give an absolute http or https URI, such as "
                    + "'https://mcp.example.com/mcp'.");
            }

            options.Endpoint = endpoint;
        }

        options.TransportMode = settings.TransportMode ?? options.TransportMode;
        options.Name = settings.Name ?? options.Name;
        options.ConnectionTimeout = settings.ConnectionTimeout ?? options.ConnectionTimeout;
        options.EnableStandaloneGetStream = settings.EnableStandaloneGetStream ?? options.EnableStandaloneGetStream;
        options.OwnsSession = settings.OwnsSession ?? options.OwnsSession;
        options.MaxReconnectionAttempts = settings.MaxReconnectionAttempts ?? options.MaxReconnectionAttempts;
        options.DefaultReconnectionInterval = settings.DefaultReconnectionInterval ?? options.DefaultReconnectionInterval;

        foreach ((string name, string value) in settings.AdditionalHeaders ?? [])
        {
            options.AdditionalHeaders ??= new Dictionary<string, string>();
            options.AdditionalHeaders[name] = value;
        }
    }
}
