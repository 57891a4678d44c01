using System.Text.RegularExpressions;

namespace Proxy;

/// <summary>The settings without which the proxy does not start.</summary>
internal sealed partial class ProxySettings
{
    private readonly IConfiguration _configuration;

    public ProxySettings(IConfiguration configuration)
    {
        _configuration = configuration;
        Authority = Required("Oidc:Authority", "the https URL of an OpenID Connect issuer, such as 'https://login.example.com/'");
        Audience = Required("Oidc:Audience", "what the issuer puts into tokens for this proxy");
        RequiresHttps = configuration.GetValue("Oidc:RequireHttpsMetadata", defaultValue: true);

        // Sign-in metadata repeats the request's Host.
        Required("AllowedHosts", "the names that clients call this proxy by, such as 'mcp.example.com'");
        Backends = [.. configuration.GetSection("Backends").GetChildren().Select(ReadBackend)];
        if (Backends.Count == 0)
        {
            throw new InvalidOperationException(
                "No backend is configured. Set Backends:<name>:Endpoint, such as Backends__notes__Endpoint=https://notes.example.com/mcp.");
        }
    }

    public string Authority { get; }

    public string Audience { get; }

    public bool RequiresHttps { get; }

    public IReadOnlyList<BackendSettings> Backends { get; }

    private string Required(string key, string meaning) => _configuration[key] is { } value && value.AsSpan().Trim(" ;") is not ""
        ? value
        : throw new InvalidOperationException(
            $"{key} has to be {meaning}. Set it in the configuration, or as {key.Replace(":", "__")} in the environment.");

    private static BackendSettings ReadBackend(IConfigurationSection section)
    {
        if (!Name.IsMatch(section.Key))
        {
            throw new InvalidOperationException(
                $"'{section.Path}' is no name for a backend. It becomes part of its path, and has small letters, digits and '-'.");
        }

        if (!Uri.TryCreate(section["Endpoint"], UriKind.Absolute, out Uri? endpoint)
            || (endpoint.Scheme != Uri.UriSchemeHttps && endpoint.Scheme != Uri.UriSchemeHttp)
            || endpoint.UserInfo + endpoint.Query + endpoint.Fragment is not "")
        {
            throw new InvalidOperationException(
                $"{section.Path}:Endpoint has to be the http or https URL of an MCP endpoint, without user, query and fragment, such as "
                + "'https://notes.example.com/mcp'.");
        }

        return new BackendSettings(section.Key, endpoint, section.GetSection("Identity"));
    }

    [GeneratedRegex(@"^[a-z0-9-]+\z")]
    private static partial Regex Name { get; }
}
