using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The npm packages that tests start or load.</summary>
internal static class NodePackage
{
    public const string Install = "npm ci --prefix tests/McpIdentityHeaders.AspNetCore.Tests/EndToEnd";

    /// <summary>Gets the folder with package.json.</summary>
    public static string Folder { get; } = EndToEndFolder();

    /// <summary>Where a package's file is, or null if it is not installed.</summary>
    public static string? Find(params IEnumerable<string> path)
    {
        string file = Path.Combine([Folder, "node_modules", .. path]);
        return File.Exists(file) ? file : null;
    }

    private static string EndToEndFolder([CallerFilePath] string thisFile = "") =>
        Path.GetDirectoryName(Path.GetDirectoryName(thisFile))!;
}
