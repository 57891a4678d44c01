using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// One configured setting, read strictly: an empty value, another shape or another type is an error with the setting's path. The general
/// binder ignores some of these, and an ignored safety setting protects nothing.
/// </summary>
internal readonly struct Setting(IConfigurationSection section)
{
    internal string Key => section.Key;

    private bool IsEmpty => string.IsNullOrWhiteSpace(section.Value) && !section.GetChildren().Any();

    internal string GetString() => section.Value is { } value && !string.IsNullOrWhiteSpace(value) && !section.GetChildren().Any()
        ? value
        : throw CreateError(IsEmpty ? "is empty" : "is not a single value");

    internal bool GetBoolean() => bool.TryParse(GetString(), out bool value) ? value : throw CreateError("is neither true nor false");

    internal int GetInt32() => int.TryParse(GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out int value)
        ? value
        : throw CreateError("is no whole number");

    // A number without a colon would be days.
    internal TimeSpan GetTimeSpan() => GetString() is var text
        && text.Contains(':', StringComparison.Ordinal)
        && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value)
        ? value
        : throw CreateError("is no time span such as '00:00:30'");

    // No message quotes the URI: it may hold a password or a token.
    internal Uri GetHttpUri() => Uri.TryCreate(GetString(), UriKind.Absolute, out Uri? value) && Origin.IsHttp(value)
        ? value
        : throw CreateError("is no absolute http or https URI such as 'https://mcp.example.com/mcp'");

    internal Uri GetOriginUri() => Uri.TryCreate(GetString(), UriKind.Absolute, out Uri? value) && Origin.IsHttpOrWebSocket(value)
        ? value
        : throw CreateError("is no absolute http, https, ws or wss URI such as 'https://mcp.example.com'");

    internal T GetEnum<T>()
        where T : struct, Enum
    {
        string text = GetString();
        string? name = Array.Find(Enum.GetNames<T>(), name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        return name is not null ? Enum.Parse<T>(name) : throw CreateError($"is none of {string.Join(", ", Enum.GetNames<T>())}");
    }

    /// <summary>Gets the settings below, in order: a list's items or an object's members.</summary>
    /// <remarks>A file's empty list has an empty value, and another source may fill it.</remarks>
    internal IEnumerable<Setting> GetChildren() =>
        section.GetChildren() is var children && children.Any() && string.IsNullOrEmpty(section.Value)
            ? children.Select(child => new Setting(child))
            : throw CreateError(IsEmpty ? "is empty" : "is not a list or an object with something in it");

    internal void AddItemsTo<T>(ICollection<T> items, Func<Setting, T> read) => ForEach(GetChildren(), child => items.Add(read(child)));

    internal void ReplaceItemsOf<T>(ICollection<T> items, Func<Setting, T> read)
    {
        items.Clear();
        AddItemsTo(items, read);
    }

    /// <summary>Does something with each setting, and reports all errors at once.</summary>
    /// <exception cref="InvalidOperationException">There are errors. The message has all of them.</exception>
    internal static void ForEach(IEnumerable<Setting> settings, Action<Setting> action)
    {
        List<InvalidOperationException> errors = [];
        foreach (Setting setting in settings)
        {
            try
            {
                action(setting);
            }
            catch (InvalidOperationException error)
            {
                errors.Add(error);
            }
        }

        if (errors.Count > 0)
        {
            throw new InvalidOperationException(string.Join(' ', errors.Select(error => error.Message)));
        }
    }

    internal InvalidOperationException CreateError(string error) =>
        new($"The configuration setting '{section.Path}' {error}. Correct it, or remove it.");
}
