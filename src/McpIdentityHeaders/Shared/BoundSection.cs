using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// A section that options are bound to. A file being replaced is briefly missing, which must not turn its safety settings off: a section
/// must exist, on the first read and on every later one.
/// </summary>
internal sealed class BoundSection(IConfigurationSection section)
{
    private volatile bool _existed;

    /// <summary>Reads the settings in the section.</summary>
    /// <exception cref="InvalidOperationException">The section is a single value, or has no settings.</exception>
    internal IEnumerable<Setting> Read()
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            throw new InvalidOperationException(
                $"The configuration section '{section.Path}' is a single value. Put settings into it, or name another section.");
        }

        if (!section.GetChildren().Any())
        {
            throw new InvalidOperationException(_existed
                ? $"The configuration section '{section.Path}' was there and is not any more. Restore it."
                : $"The configuration section '{section.Path}' is missing, misspelt or empty. Correct its path or put settings into it; "
                    + "for the defaults, do not pass a section.");
        }

        _existed = true;
        return section.GetChildren().Select(child => new Setting(child));
    }
}
