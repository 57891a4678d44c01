using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.CodeAnalysis;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>The README's program, compiled from the README and started as it would be after pasting.</summary>
public sealed class ReadmeProgramTests
{
    private const string Port = ":5080";

    [Fact]
    public async Task Program_of_the_readme_greets_each_user()
    {
        string folder = AppContext.BaseDirectory;
        string program = Path.Combine(folder, $"Readme-{Guid.NewGuid():N}.dll");
        string host = Path.Combine(folder, typeof(ReadmeProgramTests).Assembly.GetName().Name!);
        string port = $":{FreePort()}";
        Compile(program, port);
        using Process process = Process.Start(new ProcessStartInfo(
            "dotnet", ["exec", "--runtimeconfig", host + ".runtimeconfig.json", "--depsfile", host + ".deps.json", program])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("Now listening on", StringComparison.Ordinal))
            {
            }

            _ = process.StandardOutput.ReadToEndAsync();
            using var client = new HttpClient();
            foreach (string name in new[] { "alice", "José" })
            {
                var uri = new Uri($"http://localhost{port}/as/{Uri.EscapeDataString(name)}");
                JsonElement result = await client.GetFromJsonAsync<JsonElement>(uri);
                Assert.Equal($"Hello, {name}!", result.GetProperty("content")[0].GetProperty("text").GetString());
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            File.Delete(program);
        }
    }

    [Fact]
    public void Program_of_the_readme_has_ten_lines_beside_its_usings()
    {
        string[] lines = [.. Program(DocPage.At("README.md")).Source.Split('\n', StringSplitOptions.RemoveEmptyEntries)];

        Assert.Equal(10, lines.Count(line => !line.StartsWith("using ", StringComparison.Ordinal)));
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 140));
    }

    [Theory]
    [InlineData("dotnet run --project samples/Quickstart")]
    [InlineData("dotnet test")]
    public void Commands_of_the_readme_are_run_before_a_change_lands(string command)
    {
        Assert.Contains(command, DocPage.At("README.md").Text, StringComparison.Ordinal);
        Assert.Contains(command, File.ReadAllText(Path.Combine(DocPage.Root, ".ci", "run")), StringComparison.Ordinal);
    }

    private static void Compile(string path, string port)
    {
        DocPage readme = DocPage.At("README.md");

        string source = Program(readme).Source.Replace(Port, port, StringComparison.Ordinal);
        Assert.True(SnippetCompiler.CompileProgram(source, readme.Path).Emit(path).Success);
    }

    private static DocSnippet Program(DocPage readme) =>
        readme.Snippets.Single(snippet => snippet.Source.Contains("app.Run(", StringComparison.Ordinal));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
