using System.Text.RegularExpressions;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>The table of metrics in docs/operations.md.</summary>
internal static partial class MetricsTable
{
    public const string Page = "docs/operations.md";

    /// <summary>Reads the instruments, each with its tags and the values that these may have; none where any may come.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, string[]>> Read()
    {
        string text = DocPage.At(Page).Text;
        string table = text.Split("<!-- table: metrics -->")[1].Split("<!-- end of table -->")[0];
        return Row().Matches(table).ToDictionary(
            row => row.Groups["name"].Value,
            row => (IReadOnlyDictionary<string, string[]>)row.Groups["tags"].Value.Split(';').Select(ReadTag).ToDictionary());
    }

    /// <summary>Writes an instrument's tags as the table has them.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string[]>> tags) => string.Join("; ", tags.Select(tag =>
        tag.Value.Length == 0 ? $"`{tag.Key}`" : $"`{tag.Key}`: {string.Join(", ", tag.Value.Select(value => $"`{value}`"))}"));

    private static KeyValuePair<string, string[]> ReadTag(string cell)
    {
        string[] names = [.. Code().Matches(cell).Select(code => code.Groups["text"].Value)];
        return new(names[0], names[1..]);
    }

    [GeneratedRegex(@"^\| `(?<name>mcp\.[a-z.]+)` \|.*\| (?<tags>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Code();
}
