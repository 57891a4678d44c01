using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.AotTest;

internal static class Settings
{
    /// <summary>The header map of both ends: the three default headers, a list, and a value within a JSON claim.</summary>
    public static IReadOnlyList<(string Key, string Value)> Headers { get; } =
    [
        ("Headers:0:HeaderName", "X-User-Groups"),
        ("Headers:0:ClaimTypes:0", "groups"),
        ("Headers:0:Format", "CommaSeparated"),
        ("Headers:1:HeaderName", "X-User-Roles"),
        ("Headers:1:ClaimTypes:0", "realm_access"),
        ("Headers:1:JsonPath", "roles"),
        ("Headers:1:Format", "JsonArray"),
    ];

    public static IConfigurationSection Section(params IEnumerable<(string Key, string Value)> settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Claims:{setting.Key}", (string?)setting.Value)))
            .Build()
            .GetSection("Claims");
}
