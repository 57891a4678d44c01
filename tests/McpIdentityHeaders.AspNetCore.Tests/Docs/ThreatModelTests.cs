using System.Text.RegularExpressions;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

public sealed partial class ThreatModelTests
{
    private static readonly string Sources = string.Concat(
        Directory.EnumerateFiles(Path.Combine(DocPage.Root, "tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));

    [Fact]
    public void Each_attack_names_tests_that_exist()
    {
        string[] rows =
        [
            .. DocPage.At("docs/threat-model.md").Text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2),
        ];

        Assert.NotEmpty(rows);
        Assert.All(rows, row =>
        {
            string[] tests = [.. TestName().Matches(row.Split(" | ")[^1]).Select(match => match.Groups["name"].Value)];
            Assert.NotEmpty(tests);
            Assert.All(tests, test => Assert.Matches($@"public (async )?(Task|void) {test}\(", Sources));
        });
    }

    [GeneratedRegex("`(?<name>[A-Za-z0-9_]+)`")]
    private static partial Regex TestName();
}
