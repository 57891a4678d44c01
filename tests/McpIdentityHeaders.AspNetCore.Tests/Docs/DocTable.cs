namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>A table of a page with columns that are made from the code, and maybe further ones that are written by hand.</summary>
/// <remarks>It stands between <c>&lt;!-- table: name --&gt;</c> and <c>&lt;!-- end of table --&gt;</c>.</remarks>
internal static class DocTable
{
    private const string End = "<!-- end of table -->";

    /// <summary>Asserts that the first columns are these; with UPDATE_DOCS=1 in the environment, writes them instead.</summary>
    /// <param name="page">The page's path.</param>
    /// <param name="name">The table's name in the comment before it.</param>
    /// <param name="rows">The rows. The first cell is the key by which columns written by hand are kept.</param>
    public static void AssertCurrent(string page, string name, IEnumerable<string[]> rows)
    {
        string text = DocPage.At(page).Text;
        string start = $"<!-- table: {name} -->\n";
        int from = text.IndexOf(start, StringComparison.Ordinal);
        Assert.True(from >= 0, $"{page} has no {start}");
        from += start.Length;
        int to = text.IndexOf(End, from, StringComparison.Ordinal);

        string[] lines = text[from..to].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, string[]> present = lines.Skip(2).Select(Split).ToDictionary(cells => cells[0]);
        string current = $"{lines[0]}\n{lines[1]}\n" + string.Concat(
            from row in rows
            let byHand = present.TryGetValue(row[0], out string[]? cells) ? cells.Skip(row.Length) : []
            select Join([.. row, .. byHand]));

        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(DocPage.At(page).FullPath, text[..from] + current + text[to..]);
            return;
        }

        Assert.True(
            current == text[from..to],
            $"The table '{name}' of {page} is not what the code says. Run UPDATE_DOCS=1 dotnet test "
            + $"tests/McpIdentityHeaders.AspNetCore.Tests --filter OperationsTests, and look at the difference. It should be:\n{current}");
    }

    private static string Join(IEnumerable<string> cells) =>
        $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n";

    private static string[] Split(string line) =>
        [.. line.Trim().Trim('|').Replace("\\|", "\0", StringComparison.Ordinal).Split('|').Select(cell => cell.Trim().Replace('\0', '|'))];
}
