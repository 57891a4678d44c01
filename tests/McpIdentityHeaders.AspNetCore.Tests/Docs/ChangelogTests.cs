using System.Text.RegularExpressions;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>The changelog keeps to the form of Keep a Changelog, which tools read.</summary>
public sealed partial class ChangelogTests
{
    private static readonly string[] Lines = DocPage.At("CHANGELOG.md").Text.Split('\n');

    [Fact]
    public void Versions_stand_newest_first_after_what_is_unreleased()
    {
        Match[] headings = [.. Lines.Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Select(line => Heading().Match(line))];

        Assert.All(headings, heading => Assert.True(heading.Success));
        Assert.Equal("Unreleased", headings[0].Groups["version"].Value);
        Version[] versions = [.. headings.Skip(1).Select(heading => Version.Parse(heading.Groups["version"].Value))];
        Assert.NotEmpty(versions);
        Assert.Equal(versions.OrderDescending(), versions);
        Assert.All(headings, heading => Assert.Contains(
            Lines, line => line.StartsWith($"[{heading.Groups["version"].Value}]: https://", StringComparison.Ordinal)));
    }

    [Fact]
    public void Sections_are_those_of_the_form() => Assert.Empty(
        Lines.Where(line => line.StartsWith("### ", StringComparison.Ordinal))
            .Except(["### Added", "### Changed", "### Deprecated", "### Removed", "### Fixed", "### Security"]));

    [GeneratedRegex(@"^## \[(?<version>Unreleased|\d+\.\d+\.\d+)\]( - (\d{4}-\d{2}-\d{2}|Unreleased))?$")]
    private static partial Regex Heading();
}
