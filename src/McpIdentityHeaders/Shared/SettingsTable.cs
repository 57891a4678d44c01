using System.Collections.Frozen;

namespace McpIdentityHeaders.Internal;

/// <summary>The settings of one type, by name in any case. A setting that is absent leaves its option as it is.</summary>
internal sealed class SettingsTable<TOptions>(params (string Name, Action<TOptions, Setting> Set)[] entries)
{
    private readonly FrozenDictionary<string, Action<TOptions, Setting>> _setters =
        entries.ToFrozenDictionary(entry => entry.Name, entry => entry.Set, StringComparer.OrdinalIgnoreCase);

    private readonly string _names = $"{string.Join(", ", entries[..^1].Select(entry => entry.Name))} and {entries[^1].Name}";

    /// <exception cref="InvalidOperationException">A setting is unknown, or not of its type. The message has its path.</exception>
    internal void Bind(IEnumerable<Setting> settings, TOptions options) => Setting.ForEach(settings, setting =>
    {
        if (!TryBind(setting, options))
        {
            throw setting.CreateError($"is not known. There are {_names}");
        }
    });

    /// <summary>Binds the settings in the table and ignores all others.</summary>
    /// <exception cref="InvalidOperationException">A setting is not of its type. The message has its path.</exception>
    internal void BindKnown(IEnumerable<Setting> settings, TOptions options) =>
        Setting.ForEach(settings, setting => TryBind(setting, options));

    private bool TryBind(Setting setting, TOptions options)
    {
        if (!_setters.TryGetValue(setting.Key, out Action<TOptions, Setting>? set))
        {
            return false;
        }

        set(options, setting);
        return true;
    }
}
