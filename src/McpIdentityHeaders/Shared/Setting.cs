using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// One configured setting, read strictly: what is empty, of another shape or of another type is an error with its path. The general binder
/// passes some of these over, and a safety setting that is quietly passed over would be none.
/// </summary>
internal readonly struct Setting(IConfigurationSection section)
{
    internal string Key => section.Key;

    internal string Text() => section.Value is { } value && !string.IsNullOrWhiteSpace(value) && !section.GetChildren().Any()
        ? value
        : throw Invalid("is not a single value");

    internal bool Boolean() => bool.TryParse(Text(), out bool value) ? value : throw Invalid("is neither true nor false");

    internal int Number() =>
        int.TryParse(Text(), NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) ? value : throw Invalid("is no whole number");

    internal TimeSpan Duration() =>
        Text().Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(Text(), CultureInfo.InvariantCulture, out TimeSpan value)
        ? value
        : throw Invalid("is no time span such as '00:00:30'");

    // Quoted in no message as it is: a URI may hold a password or a token.
    internal Uri HttpUri() => Uri.TryCreate(Text(), UriKind.Absolute, out Uri? value) && Origin.IsHttp(value)
        ? value
        : throw Invalid("is no absolute http or https URI such as 'https://mcp.example.com/mcp'");

    internal T Choice<T>()
        where T : struct, Enum
    {
        string text = Text();
        string? name = Array.Find(Enum.GetNames<T>(), name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        return name is not null ? Enum.Parse<T>(name) : throw Invalid($"is none of {string.Join(", ", Enum.GetNames<T>())}");
    }

    /// <summary>Gets the settings below, in order: a list's items or an object's members.</summary>
    internal IEnumerable<Setting> Children() => section.GetChildren() is var children && children.Any() && section.Value is null
        ? children.Select(child => new Setting(child))
        : throw Invalid("is not a list or an object with something in it");

    internal InvalidOperationException Unknown(string known) => Invalid($"is not known. There are {known}");

    internal InvalidOperationException Invalid(string problem) =>
        new($"The configuration setting '{section.Path}' {problem}. Correct it, or remove it.");
}
