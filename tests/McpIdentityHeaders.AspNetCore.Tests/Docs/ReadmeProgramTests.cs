using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.CodeAnalysis;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Whole programs, compiled from the pages and started as they would be after pasting.</summary>
public sealed class ReadmeProgramTests
{
    private const string Port = ":5080";

    [Fact]
    public Task Program_of_the_readme_greets_each_user() => RunAsync("README.md", AssertGreetsAsync);

    [Fact]
    public Task Program_of_the_assertions_page_greets_each_user_and_believes_no_header() => RunAsync("docs/assertions.md", async server =>
    {
        await AssertGreetsAsync(server);
        using HttpResponseMessage refused = await SendAsync(HttpMethod.Post, new Uri(server, "/mcp"), "X-User-Sub");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    });

    [Fact]
    public Task Program_of_the_receiving_page_greets_whom_the_header_names() => RunAsync("docs/receiving.md", async server =>
    {
        using HttpResponseMessage greeted = await SendAsync(HttpMethod.Get, server, "X-User-Sub");
        using HttpResponseMessage refused = await SendAsync(HttpMethod.Get, server, "X-Other");

        Assert.Equal("Hello, alice!", await greeted.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    });

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

    private static async Task AssertGreetsAsync(Uri server)
    {
        using var client = new HttpClient();
        foreach (string name in new[] { "alice", "José" })
        {
            var uri = new Uri(server, $"/as/{Uri.EscapeDataString(name)}");
            JsonElement result = await client.GetFromJsonAsync<JsonElement>(uri);
            Assert.Equal($"Hello, {name}!", result.GetProperty("content")[0].GetProperty("text").GetString());
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri uri, string header)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(method, uri) { Headers = { { header, "alice" } } };
        return await client.SendAsync(request);
    }

    /// <summary>Starts the program of a page, at a port of the system's choice.</summary>
    private static async Task RunAsync(string page, Func<Uri, Task> check)
    {
        string folder = AppContext.BaseDirectory;
        string program = Path.Combine(folder, $"Readme-{Guid.NewGuid():N}.dll");
        string host = Path.Combine(folder, typeof(ReadmeProgramTests).Assembly.GetName().Name!);
        string port = $":{FreePort()}";
        Compile(page, program, port);
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
            await check(new Uri($"http://localhost{port}"));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            File.Delete(program);
        }
    }

    private static void Compile(string page, string path, string port)
    {
        string source = Program(DocPage.At(page)).Source.Replace(Port, port, StringComparison.Ordinal);
        Assert.True(SnippetCompiler.CompileProgram(source, page).Emit(path).Success);
    }

    private static DocSnippet Program(DocPage page) =>
        page.Snippets.Single(snippet => snippet.Source.Contains("app.Run(", StringComparison.Ordinal));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
