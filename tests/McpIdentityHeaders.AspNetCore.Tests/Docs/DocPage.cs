using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>A Markdown page of the repository.</summary>
internal sealed partial class DocPage
{
    private static readonly string[] SkippedFolders = ["bin", "obj", "node_modules", "StrykerOutput", "TestResults"];

    private DocPage(string path)
    {
        Path = path;
        Text = File.ReadAllText(System.IO.Path.Combine(Root, path));
    }

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<DocPage> All { get; } =
    [
        .. Directory.EnumerateFiles(Root, "*.md", SearchOption.AllDirectories)
            .Select(ToRelative)
            .Where(IsOwn)
            .Order(StringComparer.Ordinal)
            .Select(path => new DocPage(path)),
    ];

    /// <summary>Gets the path from the repository's root, with slashes.</summary>
    public string Path { get; }

    public string Text { get; }

    public string FullPath => System.IO.Path.Combine(Root, Path);

    public string Title => HeadingLines().First();

    public IEnumerable<DocSnippet> Snippets =>
        from block in CodeBlock().Matches(Text)
        let marker = Marker().Match(Text[..block.Index])
        select new DocSnippet(
            this,
            block.Groups["language"].Value,
            block.Groups["source"].Value,
            Text[..block.Groups["source"].Index].Count(character => character == '\n') + 1,
            marker.Success ? marker.Groups["class"].Value : null);

    /// <summary>Gets the code that is a whole program.</summary>
    public IEnumerable<DocSnippet> Programs =>
        Snippets.Where(snippet => snippet.Language == "csharp" && snippet.Source.Contains("CreateBuilder(args)", StringComparison.Ordinal));

    /// <summary>Gets the targets of links and pictures, code left out.</summary>
    public IEnumerable<string> Links =>
        from pattern in new[] { Link(), Attribute() }
        from link in pattern.Matches(InlineCode().Replace(CodeBlock().Replace(Text, string.Empty), "code"))
        select link.Groups["target"].Value;

    /// <summary>Gets the anchors of the headings, as code hosts make them.</summary>
    public IReadOnlySet<string> Anchors
    {
        get
        {
            HashSet<string> anchors = [];
            foreach (string heading in HeadingLines())
            {
                string text = LinkText().Replace(heading, "${text}").ToLowerInvariant();
                string slug = string.Concat(text.Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');
                string anchor = slug;
                for (int repeats = 1; !anchors.Add(anchor); repeats++)
                {
                    anchor = $"{slug}-{repeats}";
                }
            }

            return anchors;
        }
    }

    public static DocPage At(string path) => new(path);

    public override string ToString() => Path;

    private IEnumerable<string> HeadingLines() =>
        Heading().Matches(CodeBlock().Replace(Text, string.Empty)).Select(heading => heading.Groups["text"].Value.Trim());

    private static string ToRelative(string file) => System.IO.Path.GetRelativePath(Root, file).Replace('\\', '/');

    private static bool IsOwn(string path) => !path.Split('/').Intersect(SkippedFolders).Any();

    private static string FindRoot([CallerFilePath] string thisFile = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(thisFile)!, "..", "..", ".."));

    [GeneratedRegex("^```(?<language>[a-z]*)\r?\n(?<source>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"<!-- snippet: member of (?<class>\w+) -->\s*\z")]
    private static partial Regex Marker();

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("(?:src|href)=\"(?<target>[^\"]+)\"")]
    private static partial Regex Attribute();

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex("^#{1,6} (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
