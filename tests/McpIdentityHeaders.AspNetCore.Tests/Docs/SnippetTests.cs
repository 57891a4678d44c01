using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>What the pages show is compiled from the pages themselves, and the tests among it are run.</summary>
public sealed partial class SnippetTests
{
    public static TheoryData<string> PagesWithCode =>
        [.. DocPage.All.Where(page => page.Snippets.Any(snippet => snippet.Language == "csharp")).Select(page => page.Path)];

    public static TheoryData<string> FilesWithRegions => [.. RegionFiles().Select(file => Path.GetRelativePath(DocPage.Root, file))];

    [Theory]
    [MemberData(nameof(PagesWithCode))]
    public void CSharp_of_a_page_compiles(string page)
    {
        string[] errors = [.. SnippetCompiler.Compile(DocPage.At(page)).SelectMany(SnippetCompiler.GetErrors)];

        Assert.True(errors.Length == 0, string.Join('\n', errors));
    }

    [Fact]
    public async Task Unit_tests_on_a_page_pass()
    {
        int run = 0;
        foreach (DocPage page in DocPage.All.Where(page => page.Text.Contains("\n[Fact]\n", StringComparison.Ordinal)))
        {
            IEnumerable<Type> types = SnippetCompiler.Compile(page).Select(Load).SelectMany(assembly => assembly.GetTypes());
            foreach (MethodInfo test in types.SelectMany(FindTests))
            {
                await (test.Invoke(Activator.CreateInstance(test.DeclaringType!), null) as Task ?? Task.CompletedTask);
                run++;
            }
        }

        Assert.True(run >= 3);
    }

    [Theory]
    [MemberData(nameof(FilesWithRegions))]
    public void Code_that_tests_run_stands_on_a_page_word_for_word(string file)
    {
        string[] pages = [.. DocPage.All.Select(page => Squeeze(page.Text))];
        string[] parts = File.ReadAllText(Path.Combine(DocPage.Root, file)).Split("// <snippet>\n")[1..];
        IEnumerable<string> regions = parts.Select(part => Squeeze(part.Split("// </snippet>")[0]));

        Assert.All(regions, region => Assert.Contains(pages, page => page.Contains(region, StringComparison.Ordinal)));
    }

    [Fact]
    public void Json_of_the_pages_parses() => Assert.All(
        DocPage.All.SelectMany(page => page.Snippets).Where(snippet => snippet.Language == "json"),
        snippet => JsonDocument.Parse(snippet.Source).Dispose());

    [Fact]
    public void Commands_name_projects_that_exist()
    {
        string[] projects =
        [
            .. from page in DocPage.All
               from snippet in page.Snippets
               where snippet.Language == "sh"
               from command in Project().Matches(snippet.Source)
               select command.Groups["path"].Value,
        ];

        Assert.NotEmpty(projects);
        Assert.All(projects, project => Assert.True(Directory.Exists(Path.Combine(DocPage.Root, project)), project));
    }

    private static Assembly Load(CSharpCompilation compilation)
    {
        using var image = new MemoryStream();
        Assert.Empty(compilation.Emit(image).Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        return Assembly.Load(image.ToArray());
    }

    private static IEnumerable<MethodInfo> FindTests(Type type) =>
        type.GetMethods().Where(method => method.IsDefined(typeof(FactAttribute)));

    private static IEnumerable<string> RegionFiles() =>
        Directory.EnumerateFiles(Path.Combine(DocPage.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("// <snippet>\n", StringComparison.Ordinal));

    private static string Squeeze(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex(@"--project (?<path>\S+)|dotnet (?:test|publish) (?<path>[a-z]+/\S+)")]
    private static partial Regex Project();
}
