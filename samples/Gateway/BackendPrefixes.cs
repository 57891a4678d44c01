using System.Text.RegularExpressions;

namespace Gateway;

/// <summary>What the backends are called in the settings, and their tools are prefixed with.</summary>
internal static partial class BackendPrefixes
{
    public static string[] Read(IConfigurationSection backends)
    {
        string[] prefixes = [.. backends.GetChildren().Select(backend => backend.Key)];

        if (prefixes.Length == 0)
        {
            throw new InvalidOperationException(
                "There is no backend. Set one at least, such as Backends:notes:Endpoint = https://notes.internal/mcp.");
        }

        return Array.Find(prefixes, prefix => !Allowed().IsMatch(prefix)) is { } unfit
            ? throw new InvalidOperationException($"The backend '{unfit}' cannot be a prefix. Name it with a to z, 0 to 9 and '-'.")
            : prefixes;
    }

    // Without '_', so that the first one ends the prefix, whatever a tool's own name is.
    [GeneratedRegex("^[a-z0-9-]+$")]
    private static partial Regex Allowed();
}
