using System.IO.Compression;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace McpIdentityHeaders.Package.Tests;

/// <summary>What <c>dotnet pack</c> makes, as the package page, a debugger and an editor read it.</summary>
public sealed partial class PackageTests(PackedPackages packages) : IClassFixture<PackedPackages>
{
    private const string RepositoryUrl = "https://github.com/mcp-identity-headers/mcp-identity-headers";

    public static TheoryData<string> Ids => [.. PackedPackages.Ids];

    [Theory, MemberData(nameof(Ids))]
    public void Package_holds_the_assembly_its_documentation_and_its_page(string id)
    {
        using ZipArchive package = packages.OpenPackage(id);

        Assert.Equal(["PACKAGE.md", "icon.png", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"], package.GetFiles());
    }

    [Theory, MemberData(nameof(Ids))]
    public void Nuspec_says_what_the_package_page_shows(string id)
    {
        using ZipArchive package = packages.OpenPackage(id);

        XElement metadata = package.ReadMetadata();

        Assert.Equal(id, metadata.Text("id"));
        Assert.Equal("Apache-2.0", metadata.Text("license"));
        Assert.Equal("icon.png", metadata.Text("icon"));
        Assert.Equal("PACKAGE.md", metadata.Text("readme"));
        Assert.Equal(RepositoryUrl, metadata.Text("projectUrl"));
        Assert.Equal($"{RepositoryUrl}/blob/main/CHANGELOG.md", metadata.Text("releaseNotes"));
        Assert.Equal("Copyright (c) McpIdentityHeaders contributors", metadata.Text("copyright"));
        Assert.InRange(metadata.Text("description")!.Length, 60, 300);
        Assert.Contains("model-context-protocol", metadata.Text("tags"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Ids))]
    public void Nuspec_names_the_commit_that_was_packed(string id)
    {
        using ZipArchive package = packages.OpenPackage(id);

        XElement metadata = package.ReadMetadata();
        XElement repository = metadata.Element(metadata.Name.Namespace + "repository")!;

        Assert.Equal("git", repository.Attribute("type")?.Value);
        Assert.Equal($"{RepositoryUrl}.git", repository.Attribute("url")?.Value);
        Assert.Matches("^[0-9a-f]{40}$", repository.Attribute("commit")?.Value);
    }

    [Theory]
    [InlineData("McpIdentityHeaders", "Microsoft.Extensions.Http 10.0.0", "ModelContextProtocol 2.3.1")]
    [InlineData(
        "McpIdentityHeaders.Assertions",
        "McpIdentityHeaders [this]",
        "Microsoft.Extensions.Caching.Memory 10.0.0",
        "Microsoft.IdentityModel.JsonWebTokens 8.16.0")]
    [InlineData(
        "McpIdentityHeaders.AspNetCore",
        "McpIdentityHeaders [this]",
        "McpIdentityHeaders.Assertions [this]",
        "Microsoft.IdentityModel.Protocols.OpenIdConnect 8.16.0")]
    public void Dependencies_are_the_lowest_that_work(string id, params string[] expected)
    {
        using ZipArchive package = packages.OpenPackage(id);

        XElement metadata = package.ReadMetadata();
        string version = metadata.Text("version")!;

        IEnumerable<string> dependencies =
            from dependency in metadata.Descendants(metadata.Name.Namespace + "dependency")
            let name = dependency.Attribute("id")!.Value
            orderby name
            select $"{name} {dependency.Attribute("version")!.Value.Replace(version, "this", StringComparison.Ordinal)}";

        Assert.Equal(expected, dependencies);
    }

    [Theory, MemberData(nameof(Ids))]
    public void Debugger_finds_each_source_at_the_commit_that_was_packed(string id)
    {
        using ZipArchive package = packages.OpenPackage(id);
        using ZipArchive symbols = packages.OpenSymbols(id);

        XElement metadata = package.ReadMetadata();
        string commit = metadata.Element(metadata.Name.Namespace + "repository")!.Attribute("commit")!.Value;
        (IReadOnlyList<string> sources, IReadOnlyDictionary<string, string> sourceLink) = symbols.ReadPdb($"lib/net10.0/{id}.pdb");

        Assert.All(sources, source => Assert.StartsWith($"/_/src/{id}/", source, StringComparison.Ordinal));
        Assert.Equal(
            $"https://raw.githubusercontent.com/mcp-identity-headers/mcp-identity-headers/{commit}/*",
            Assert.Single(sourceLink, map => map.Key == "/_/*").Value);
    }

    [Theory, MemberData(nameof(Ids))]
    public void Assembly_is_deterministic_and_names_no_path_of_the_machine(string id)
    {
        using ZipArchive package = packages.OpenPackage(id);

        string assembly = $"lib/net10.0/{id}.dll";

        Assert.True(package.IsReproducible(assembly));
        Assert.DoesNotContain(Repository.Root, package.ReadText(assembly), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Ids))]
    public void Documentation_is_of_what_users_can_see(string id)
    {
        using ZipArchive package = packages.OpenPackage(id);
        Type[] types = Assembly.Load(id).GetExportedTypes();

        string[] documented =
            [.. package.ReadXml($"lib/net10.0/{id}.xml").Descendants("member").Select(member => member.Attribute("name")!.Value)];

        Assert.All(documented, member => Assert.Contains(types, type => IsVisible(member, type)));
        Assert.All(types, type => Assert.Contains($"T:{type.FullName}", documented));
        Assert.All(types.SelectMany(GetPropertiesAndMethods), member => Assert.Contains(
            documented, name => name[2..].Split('(', '`')[0] == $"{member.DeclaringType!.FullName}.{member.Name}"));
    }

    [Theory, MemberData(nameof(Ids))]
    public void Links_of_the_package_page_lead_to_files_of_the_repository(string id)
    {
        using ZipArchive package = packages.OpenPackage(id);
        string page = package.ReadText("PACKAGE.md");

        string[] links = [.. LinkPattern.Matches(page).Select(match => match.Groups[1].Value)];

        Assert.All(links, link => Assert.StartsWith(RepositoryUrl, link, StringComparison.Ordinal));
        const string Main = $"{RepositoryUrl}/blob/main/";
        Assert.Empty(new[]
        {
            RepositoryUrl, $"{Main}CHANGELOG.md", $"{Main}SECURITY.md", $"{Main}docs/start.md", $"{Main}docs/security-model.md",
            $"{Main}docs/threat-model.md", $"{Main}docs/troubleshooting.md",
        }.Except(links));
        Assert.All(links.Where(link => link.StartsWith(Main, StringComparison.Ordinal)), link => Assert.True(
            File.Exists(Path.Combine(Repository.Root, link[Main.Length..])), link));
    }

    [Theory, MemberData(nameof(Ids))]
    public void Picture_of_the_package_page_is_one_that_package_pages_show(string id)
    {
        using ZipArchive package = packages.OpenPackage(id);

        string picture = Assert.Single(PicturePattern.Matches(package.ReadText("PACKAGE.md"))).Groups[1].Value;

        // A package page resolves no relative path, and shows no SVG.
        const string Raw = "https://raw.githubusercontent.com/mcp-identity-headers/mcp-identity-headers/main/";
        Assert.StartsWith(Raw, picture, StringComparison.Ordinal);
        byte[] png = File.ReadAllBytes(Path.Combine(Repository.Root, picture[Raw.Length..]));
        Assert.Equal(new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A }, png[..8]);
    }

    [GeneratedRegex(@"(?<!!\[[^\]]*)\]\(([^)]+)\)")]
    private static partial Regex LinkPattern { get; }

    [GeneratedRegex(@"!\[[^\]]*\]\(([^)]+)\)")]
    private static partial Regex PicturePattern { get; }

    private static bool IsVisible(string member, Type type)
    {
        string name = member[2..];
        if (name == type.FullName)
        {
            return true;
        }

        if (!name.StartsWith($"{type.FullName}.", StringComparison.Ordinal) || name.Contains(".Internal.", StringComparison.Ordinal))
        {
            return false;
        }

        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        string simple = name[(type.FullName!.Length + 1)..].Split('(', '`')[0].Replace('#', '.');
        return type.GetMember(simple, All).Any(found => found is not MethodBase method || method.IsPublic || method.IsFamily);
    }

    private static IEnumerable<MemberInfo> GetPropertiesAndMethods(Type type) =>
        type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(member => member is PropertyInfo or MethodInfo { IsSpecialName: false });
}
