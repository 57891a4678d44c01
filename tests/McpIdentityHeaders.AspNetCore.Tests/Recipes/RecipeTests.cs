using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>What docs/recipes.md shows is what is compiled and run here.</summary>
public sealed class RecipeTests
{
    public static TheoryData<string> Files() =>
        [.. Directory.EnumerateFiles(Folder(), "*.cs").Where(file => Snippets(file).Length > 0).Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Files))]
    public void Snippets_stand_in_the_recipes_word_for_word(string file)
    {
        string recipes = Squeeze(File.ReadAllText(Path.Combine(Folder(), "..", "..", "..", "docs", "recipes.md")));

        Assert.All(Snippets(Path.Combine(Folder(), file)), snippet => Assert.Contains(Squeeze(snippet), recipes, StringComparison.Ordinal));
    }

    private static string[] Snippets(string file) =>
        [.. File.ReadAllText(file).Split("// <snippet>\n")[1..].Select(snippet => snippet.Split("// </snippet>")[0])];

    private static string Squeeze(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Folder([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;
}
