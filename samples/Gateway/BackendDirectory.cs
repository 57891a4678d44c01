using System.Text.RegularExpressions;

namespace Gateway;

/// <summary>The configured backends, each under the prefix that its tools get.</summary>
internal sealed partial class BackendDirectory
{
    private readonly Dictionary<string, IConfigurationSection> _sections;

    private BackendDirectory(IEnumerable<IConfigurationSection> sections) =>
        _sections = sections.ToDictionary(section => section.Key);

    public IReadOnlyCollection<string> Prefixes => _sections.Keys;

    public static BackendDirectory Read(IConfiguration configuration)
    {
        List<IConfigurationSection> sections = [.. configuration.GetSection("Backends").GetChildren()];
        if (sections.Count == 0)
        {
            throw new InvalidOperationException(
                "No backend is configured. Set Backends:<prefix>:Endpoint, such as "
                + "Backends__notes__Endpoint=https://notes.example.com/mcp.");
        }

        if (sections.Find(section => !Prefix.IsMatch(section.Key)) is { } wrong)
        {
            throw new InvalidOperationException(
                $"'{wrong.Path}' is no name for a backend. It becomes the prefix of its tools, and has small letters, digits and '-'.");
        }

        return new BackendDirectory(sections);
    }

    public IConfigurationSection SectionOf(string prefix) => _sections[prefix];

    /// <summary>A tool's name in front of the gateway. The first '_' ends the prefix, and no two backends' tools meet.</summary>
    public static string Qualify(string prefix, string tool) => $"{prefix}_{tool}";

    /// <summary>Finds the backend of a tool, and what the backend calls it.</summary>
    public bool TryResolve(string name, out string prefix, out string tool)
    {
        (prefix, tool) =
            name.Split('_', 2) is [var first, { Length: > 0 } rest] ? (first, rest) : (string.Empty, string.Empty);
        return _sections.ContainsKey(prefix);
    }

    [GeneratedRegex(@"^[a-z0-9-]+\z")]
    private static partial Regex Prefix { get; }
}
