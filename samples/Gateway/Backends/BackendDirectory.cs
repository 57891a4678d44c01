using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using ModelContextProtocol;

namespace Gateway.Backends;

/// <summary>The configured backends, each under the prefix that its names and URIs get.</summary>
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
                $"'{wrong.Path}' is no name for a backend. It becomes the prefix of its names and URIs, so it starts with a small letter, "
                + "and has small letters, digits and '-'.");
        }

        return new BackendDirectory(sections);
    }

    public IConfigurationSection SectionOf(string prefix) => _sections[prefix];

    /// <summary>Gets the settings of the assertions for a backend; null where it is sent none.</summary>
    public IConfigurationSection? AssertionOf(string prefix) =>
        _sections[prefix].GetSection("Assertion") is var assertion && assertion.Exists() ? assertion : null;

    /// <summary>Gives a tool's or prompt's name in front of the gateway. The first '_' ends the prefix.</summary>
    public static string Qualify(string prefix, string name) => $"{prefix}_{name}";

    /// <summary>Gives a resource's URI, or its template, in front of the gateway. The first '+' ends the prefix.</summary>
    public static string QualifyUri(string prefix, string uri) => $"{prefix}+{uri}";

    /// <summary>Finds the backend of a tool or prompt, and what the backend calls it, if there is such a backend.</summary>
    public bool TryResolve(string name, [NotNullWhen(true)] out string? prefix, [NotNullWhen(true)] out string? own)
    {
        (prefix, own) = Split(name, '_') ?? default;
        return own is not null;
    }

    /// <summary>Finds the backend of a tool or prompt, and what the backend calls it.</summary>
    /// <exception cref="McpProtocolException">No backend has that prefix.</exception>
    public (string Prefix, string Name) Resolve(string name, string kind) =>
        Split(name, '_') ?? throw new McpProtocolException($"Unknown {kind}: '{name}'", McpErrorCode.InvalidParams);

    /// <summary>Finds the backend of a resource or template, and what the backend calls it.</summary>
    /// <exception cref="McpProtocolException">No backend has that prefix.</exception>
    public (string Prefix, string Uri) ResolveUri(string uri) =>
        FindUri(uri) ?? throw new McpProtocolException($"Unknown resource URI: '{uri}'", McpErrorCode.ResourceNotFound);

    /// <summary>Finds the backend of a resource or template, and what the backend calls it, if there is such a backend.</summary>
    public (string Prefix, string Uri)? FindUri(string uri) => Split(uri, '+');

    private (string Prefix, string Own)? Split(string qualified, char separator) =>
        qualified.Split(separator, 2) is [var prefix, { Length: > 0 } own] && _sections.ContainsKey(prefix) ? (prefix, own) : null;

    [GeneratedRegex(@"^[a-z][a-z0-9-]*\z")]
    private static partial Regex Prefix { get; }
}
