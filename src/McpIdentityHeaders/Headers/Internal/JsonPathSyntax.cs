using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>Property names joined by dots. Within a name, a backslash stands in front of a dot or of another backslash.</summary>
internal static class JsonPathSyntax
{
    /// <returns>The names; null where the path is malformed.</returns>
    internal static string[]? TryParse(string path)
    {
        List<string> names = [];
        var name = new StringBuilder();
        for (int index = 0; index < path.Length; index++)
        {
            switch (path[index])
            {
                case '\\' when index + 1 < path.Length && path[index + 1] is '.' or '\\':
                    name.Append(path[++index]);
                    break;
                case '\\':
                    return null;
                case '.':
                    names.Add(name.ToString());
                    name.Clear();
                    break;
                default:
                    name.Append(path[index]);
                    break;
            }
        }

        names.Add(name.ToString());
        return names.TrueForAll(part => !string.IsNullOrWhiteSpace(part)) && UnicodeText.IsWellFormed(path) ? [.. names] : null;
    }

    /// <summary>Parses a path that the options' validation has accepted.</summary>
    internal static string[]? Parse(string? path) => path is null ? null : TryParse(path);
}
