using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.Package.Tests.Support;

/// <summary>This repository's files.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static string FindRoot([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", ".."));
}
