using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;

namespace McpIdentityHeaders.Package.Tests.Support;

/// <summary>The packages as <c>dotnet pack</c> makes them: those of the folder that PACKED_PACKAGES names, or packed here once.</summary>
public sealed class PackedPackages : IDisposable
{
    private readonly string? _temporary;
    private readonly string _folder;

    public PackedPackages()
    {
        if (Environment.GetEnvironmentVariable("PACKED_PACKAGES") is { Length: > 0 } folder)
        {
            _folder = folder;
            return;
        }

        _folder = _temporary = Directory.CreateTempSubdirectory("packages").FullName;
        foreach (string id in Ids)
        {
            Pack(Path.Combine(Repository.Root, "src", id), _temporary);
        }
    }

    public static IReadOnlyList<string> Ids { get; } =
        ["McpIdentityHeaders", "McpIdentityHeaders.Assertions", "McpIdentityHeaders.AspNetCore"];

    public void Dispose()
    {
        if (_temporary is not null)
        {
            Directory.Delete(_temporary, recursive: true);
        }
    }

    internal ZipArchive OpenPackage(string id) => Open(id, ".nupkg");

    internal ZipArchive OpenSymbols(string id) => Open(id, ".snupkg");

    private ZipArchive Open(string id, string extension) => ZipFile.OpenRead(
        Assert.Single(Directory.GetFiles(_folder, $"{id}.*{extension}"), path => char.IsDigit(Path.GetFileName(path)[id.Length + 1])));

    private static void Pack(string project, string folder)
    {
        // Without the build servers' and the test runner's own variables: a build of its own.
        string[] command = ["pack", project, "--output", folder, "--nologo", "--verbosity", "quiet", "--disable-build-servers"];
        var start = new ProcessStartInfo("dotnet", command)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] inherited = [.. start.Environment.Keys.Where(key => key.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase))];
        foreach (string variable in inherited)
        {
            start.Environment.Remove(variable);
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(
            process.ExitCode == 0,
            string.Create(CultureInfo.InvariantCulture, $"'dotnet pack' ended with {process.ExitCode}: {output.Result} {errors.Result}"));
    }
}
