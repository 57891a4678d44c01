using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Whole programs, compiled from the pages and started as they would be after pasting.</summary>
public sealed class ReadmeProgramTests
{
    private const string Port = ":5080";
    private const string LoggedError = "(fail|crit): McpIdentityHeaders";

    public static TheoryData<string, int> Programs
    {
        get
        {
            var programs = new TheoryData<string, int>();
            foreach (DocPage page in DocPage.All)
            {
                foreach ((int index, _) in page.Programs.Index())
                {
                    programs.Add(page.Path, index);
                }
            }

            return programs;
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Program_of_a_page_starts_and_serves_without_an_error(string page, int index)
    {
        string log = await RunAsync(DocPage.At(page).Programs.ElementAt(index), async server =>
        {
            using HttpResponseMessage response = await SendAsync(HttpMethod.Get, new Uri(server, "/elsewhere"), "X-Other");
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        });

        Assert.DoesNotMatch(LoggedError, log);
    }

    [Theory]
    [InlineData("src/McpIdentityHeaders.AspNetCore/PACKAGE.md", "/mcp")]
    [InlineData("docs/start.md", "/notes/search")]
    [InlineData("docs/gateways.md", "/notes/search")]
    public async Task Gateway_of_a_page_has_its_users_sign_in_whatever_their_headers_say(string page, string path)
    {
        DocSnippet gateway = DocPage.At(page).Programs.Single(program => program.Source.Contains("AddCookie", StringComparison.Ordinal));

        string log = await RunAsync(gateway, async server =>
        {
            using HttpResponseMessage response = await SendAsync(HttpMethod.Post, new Uri(server, path), "X-User-Sub");
            Assert.False(response.IsSuccessStatusCode);
            Assert.Equal("/Account/Login", response.Headers.Location?.AbsolutePath);
        });

        Assert.DoesNotMatch(LoggedError, log);
    }

    [Fact]
    public async Task Backend_of_the_package_page_believes_its_own_machine_and_no_alias()
    {
        DocSnippet backend = DocPage.At("src/McpIdentityHeaders.AspNetCore/PACKAGE.md").Programs
            .Single(program => program.Source.Contains("AddIdentityHeaders", StringComparison.Ordinal));

        await RunAsync(backend, async server =>
        {
            var mcp = new Uri(server, "/mcp");
            using HttpResponseMessage read = await SendAsync(HttpMethod.Post, mcp, "X-User-Sub");
            using HttpResponseMessage refused = await SendAsync(HttpMethod.Post, mcp, "X_User_Sub");

            // The MCP server has its turn, and asks for JSON.
            Assert.Equal(HttpStatusCode.NotAcceptable, read.StatusCode);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        });
    }

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
        string[] lines = [.. DocPage.At("README.md").Programs.Single().Source.Split('\n', StringSplitOptions.RemoveEmptyEntries)];

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
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(method, uri) { Headers = { { header, "alice" } } };
        return await client.SendAsync(request);
    }

    /// <summary>Starts the one program of a page.</summary>
    private static Task<string> RunAsync(string page, Func<Uri, Task> check) => RunAsync(DocPage.At(page).Programs.Single(), check);

    /// <summary>Starts a program at a port of the system's choice, and gives what it logged.</summary>
    private static async Task<string> RunAsync(DocSnippet program, Func<Uri, Task> check)
    {
        string folder = AppContext.BaseDirectory;
        string path = Path.Combine(folder, $"Program-{Guid.NewGuid():N}.dll");
        string host = Path.Combine(folder, typeof(ReadmeProgramTests).Assembly.GetName().Name!);
        string source = program.Source.Replace(Port, $":{FreePort()}", StringComparison.Ordinal);
        Compile(source, program.Page.Path, path);

        // An address in the program itself counts more.
        using Process process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [
                "exec", "--runtimeconfig", host + ".runtimeconfig.json", "--depsfile", host + ".deps.json", path,
                "--urls", "http://127.0.0.1:0",
            ])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            const string Listening = "Now listening on: ";
            var log = new StringBuilder();
            Uri? server = null;
            while (server is null && await process.StandardOutput.ReadLineAsync() is { } line)
            {
                log.AppendLine(line);
                server = line.Split(Listening) is [_, var address] ? new Uri(address) : null;
            }

            Assert.True(server is not null, log.ToString());
            Task<string> rest = process.StandardOutput.ReadToEndAsync();
            await check(server);
            process.Kill();
            return log.Append(await rest).ToString();
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            File.Delete(path);
        }
    }

    private static void Compile(string source, string page, string path)
    {
        using FileStream file = File.Create(path);
        Assert.True(SnippetCompiler.CompileProgram(source, page).Emit(file).Success);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
