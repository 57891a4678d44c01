using System.Text.RegularExpressions;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>The pages use the words of the field. The changelog tells of what it was called.</summary>
public sealed partial class WordTests
{
    public static TheoryData<string> Pages => [.. DocPage.All.Select(page => page.Path).Except(["CHANGELOG.md"])];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_has_none_of_the_words_that_have_a_better_one(string page) =>
        Assert.Empty(Replaced().Matches(DocPage.At(page).Text).Select(match => match.Value));

    [GeneratedRegex(@"\b(whose|ours|theirs|nobody|visitors?|everybody|not known)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Replaced();
}
