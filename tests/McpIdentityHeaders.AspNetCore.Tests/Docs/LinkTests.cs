using System.Text.RegularExpressions;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Every link between the repository's pages leads somewhere.</summary>
public sealed partial class LinkTests
{
    public static TheoryData<string> Pages => [.. DocPage.All.Select(page => page.Path)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_and_anchors_of_a_page_resolve(string page) => Assert.Empty(FindBroken(DocPage.At(page)));

    private static IEnumerable<string> FindBroken(DocPage page) =>
        from link in page.Links
        let target = ToRelative(link)
        where target is not null && !Resolves(page, target)
        select link;

    /// <summary>Gets the target within the repository, links to it by address included; null for all else.</summary>
    private static string? ToRelative(string link)
    {
        Match address = OwnAddress().Match(link);
        return address.Success ? "/" + address.Groups["path"].Value : Scheme().IsMatch(link) ? null : link;
    }

    private static bool Resolves(DocPage page, string target)
    {
        string[] parts = target.Split('#', 2);
        string path = parts[0] switch
        {
            "" => page.Path,
            ['/', .. var fromRoot] => fromRoot,
            var relative => Path.GetRelativePath(DocPage.Root, Path.Combine(Path.GetDirectoryName(page.FullPath)!, relative)),
        };
        string full = Path.Combine(DocPage.Root, path);

        return parts.Length == 1 ? Path.Exists(full) : File.Exists(full) && DocPage.At(path).Anchors.Contains(parts[1]);
    }

    [GeneratedRegex("^[a-z]+:")]
    private static partial Regex Scheme();

    [GeneratedRegex(
        "^https://(github\\.com/mcp-identity-headers/mcp-identity-headers/(blob|tree|raw)"
        + "|raw\\.githubusercontent\\.com/mcp-identity-headers/mcp-identity-headers)/main/(?<path>.*)$")]
    private static partial Regex OwnAddress();
}
