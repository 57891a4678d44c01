using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Proxy;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>The sample proxy does not start without what keeps it closed.</summary>
public sealed class ProxySettingsTests
{
    private static readonly (string Key, string Value)[] Valid =
    [
        ("AllowedHosts", "mcp.example.com"),
        ("Oidc:Authority", "https://login.example.com/"),
        ("Oidc:Audience", "https://mcp.example.com/notes/mcp"),
        ("Backends:notes:Endpoint", "https://notes.example.com/mcp"),
    ];

    [Theory]
    [InlineData("AllowedHosts", "AllowedHosts has to be the names that clients call this proxy by")]
    [InlineData("Oidc:Authority", "Oidc:Authority has to be the https URL of an OpenID Connect issuer")]
    [InlineData("Oidc:Audience", "Oidc:Audience has to be what the issuer puts into tokens for this proxy")]
    [InlineData("Backends:notes:Endpoint", "No backend is configured. Set Backends:<name>:Endpoint")]
    public void Missing_setting_is_named(string missing, string expected) =>
        Assert.StartsWith(expected, ErrorOf(Valid.Where(setting => setting.Key != missing)), StringComparison.Ordinal);

    [Theory]
    [InlineData("AllowedHosts", " ; ", "AllowedHosts has to be")]
    [InlineData("Oidc:Audience", " ", "Oidc:Audience has to be")]
    [InlineData("Backends:notes:Endpoint", "notes.example.com", "Backends:notes:Endpoint has to be the http or https URL")]
    [InlineData("Backends:notes:Endpoint", "/mcp", "Backends:notes:Endpoint has to be the http or https URL")]
    [InlineData("Backends:notes:Endpoint", "https://a:b@notes.example.com/mcp", "Backends:notes:Endpoint has to be")]
    [InlineData("Backends:notes:Endpoint", "https://notes.example.com/mcp?tenant=1", "Backends:notes:Endpoint has to be")]
    [InlineData("Backends:no_tes:Endpoint", "https://notes.example.com/mcp", "'Backends:no_tes' is no name for a backend")]
    public void Setting_that_is_wrong_is_named(string key, string value, string expected) =>
        Assert.StartsWith(
            expected, ErrorOf(Valid.Where(setting => setting.Key != key).Append((key, value))), StringComparison.Ordinal);

    private static string ErrorOf(IEnumerable<(string Key, string Value)> settings) =>
        Assert.Throws<InvalidOperationException>(() => ProxyApp.Create(Deployment.Settings("Proxy", settings))).Message;
}
