using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Binds options to a configuration section, strictly, and follows its changes.</summary>
internal static class OptionsBuilderSectionExtensions
{
    /// <summary>Sets the options from a section, and has them made anew when the configuration changes.</summary>
    /// <param name="options">The options.</param>
    /// <param name="section">The section, which must exist.</param>
    /// <param name="bind">Reads the section's settings, and refuses those that it does not know.</param>
    internal static void ConfigureFrom<TOptions>(
        this OptionsBuilder<TOptions> options, IConfigurationSection section, Action<IEnumerable<Setting>, TOptions> bind)
        where TOptions : class
    {
        var bound = new BoundSection(section);
        options.Configure(settings => bind(bound.Read(), settings));
        options.Services.AddSingleton<IOptionsChangeTokenSource<TOptions>>(
            new ConfigurationChangeTokenSource<TOptions>(options.Name, section));
    }
}
