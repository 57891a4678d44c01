using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// A section that options are bound to. A file that is replaced is missing for a moment, and its safety settings must not be off for as long:
/// what was there once has to be there again.
/// </summary>
internal sealed class BoundSection(IConfigurationSection section)
{
    private volatile bool _wasThere;

    /// <summary>Gives the settings in the section.</summary>
    /// <exception cref="InvalidOperationException">The section is a single value, or was there and is not any more.</exception>
    internal IEnumerable<Setting> Read()
    {
        if (section.Value is not null)
        {
            throw new InvalidOperationException(
                $"The configuration section '{section.Path}' is a single value. Put settings into it, or name another section.");
        }

        if (!section.Exists() && _wasThere)
        {
            throw new InvalidOperationException(
                $"The configuration section '{section.Path}' was there and is not any more. Restore it, or restart for the defaults.");
        }

        _wasThere = section.Exists();
        return section.GetChildren().Select(child => new Setting(child));
    }
}
