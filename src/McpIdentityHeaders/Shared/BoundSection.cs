using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// A section that options are bound to. A file being replaced is briefly missing, which must not turn its safety settings off: a section
/// that existed once must exist on every later read.
/// </summary>
internal sealed class BoundSection(IConfigurationSection section)
{
    private volatile bool _existed;

    /// <summary>Reads the settings in the section.</summary>
    /// <exception cref="InvalidOperationException">The section is a single value, or existed and no longer does.</exception>
    internal IEnumerable<Setting> Read()
    {
        if (section.Value is not null)
        {
            throw new InvalidOperationException(
                $"The configuration section '{section.Path}' is a single value. Put settings into it, or name another section.");
        }

        if (!section.Exists() && _existed)
        {
            throw new InvalidOperationException(
                $"The configuration section '{section.Path}' was there and is not any more. Restore it, or restart for the defaults.");
        }

        _existed = section.Exists();
        return section.GetChildren().Select(child => new Setting(child));
    }
}
