using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>A configuration that a test changes, as a file's provider does when the file was written.</summary>
internal sealed class ChangingSettings : ConfigurationProvider, IConfigurationSource
{
    public const string Section = "Edge";

    public ChangingSettings(params (string Key, string? Value)[] settings) => Set(settings);

    /// <summary>Makes the section that the settings are in.</summary>
    public IConfigurationSection NewSection() => new ConfigurationBuilder().Add(this).Build().GetSection(Section);

    /// <summary>Changes some, takes out those without a value, and reloads once.</summary>
    public void Change(params (string Key, string? Value)[] settings)
    {
        Set(settings);
        OnReload();
    }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    private void Set((string Key, string? Value)[] settings)
    {
        var data = new Dictionary<string, string?>(Data, StringComparer.OrdinalIgnoreCase);
        foreach ((string key, string? value) in settings)
        {
            string path = $"{Section}:{key}";
            if (value is null)
            {
                data.Remove(path);
            }
            else
            {
                data[path] = value;
            }
        }

        Data = data;
    }
}
