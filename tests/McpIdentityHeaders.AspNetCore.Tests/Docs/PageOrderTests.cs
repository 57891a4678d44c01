using System.Text.RegularExpressions;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>docs/README.md lists every page of docs/ in an order to read them in, and each page names the next.</summary>
public sealed partial class PageOrderTests
{
    private static readonly string[] Order =
        [.. Entry().Matches(DocPage.At("docs/README.md").Text).Select(entry => "docs/" + entry.Groups["path"].Value)];

    [Fact]
    public void List_has_every_page_once() => Assert.Equal(
        DocPage.All.Select(page => page.Path).Where(path => PageOfDocs().IsMatch(path) && path != "docs/README.md"),
        Order.Order(StringComparer.Ordinal));

    [Fact]
    public void Each_page_ends_with_a_link_to_the_next() => Assert.All(Order.SkipLast(1).Zip(Order.Skip(1)), pair =>
    {
        DocPage next = DocPage.At(pair.Second);
        string link = $"\n\nNext: [{next.Title}]({Path.GetFileName(next.Path)})\n";
        Assert.EndsWith(link, DocPage.At(pair.First).Text, StringComparison.Ordinal);
    });

    [Fact]
    public void Each_page_starts_with_what_it_says() => Assert.All(
        Order, page => Assert.Matches(@"\A# [^\n]+\n\n[\p{L}`\[]", DocPage.At(page).Text));

    [GeneratedRegex(@"^\d+\. \[[^\]]+\]\((?<path>[^)]+)\)", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex("^docs/[^/]+$")]
    private static partial Regex PageOfDocs();
}
