using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Matrix;

/// <summary>The clients of the TypeScript SDK, each in a process of its own.</summary>
internal static class FeatureProgram
{
    /// <param name="version">v1 or v2 of the SDK.</param>
    /// <param name="route">The way to the server.</param>
    /// <param name="rows">What to use there.</param>
    public static async Task<IReadOnlyDictionary<string, string>> RunAsync(string version, FeatureRoute route, IEnumerable<FeatureRow> rows)
    {
        await using ChildProcess client = ChildProcess.Start(
            ConformanceSuite.Node!,
            Path.Combine(NodePackage.Folder, "feature-client.mjs"),
            version,
            route.Endpoint.ToString(),
            route.Token,
            route.Prefix,
            FeatureRow.ToJson(rows));
        await client.WaitForAsync(line => line == "end" ? line : null);
        return client.Lines.Select(line => line.Split('\t')).Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1]);
    }
}
