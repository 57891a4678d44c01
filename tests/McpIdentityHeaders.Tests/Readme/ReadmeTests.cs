using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Tests.Readme;

/// <summary>What the README shows is what is compiled and run here.</summary>
public sealed class ReadmeTests
{
    public static TheoryData<string> Files => ["GatewaySnippet.cs", "DecodeSnippet.cs", "UnitTestSnippet.cs"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Snippet_is_in_the_readme_word_for_word(string file)
    {
        string readme = Squeeze(File.ReadAllText(Path.Combine(Folder(), "..", "..", "..", "README.md")));
        string[] snippets = File.ReadAllText(Path.Combine(Folder(), file)).Split("// <snippet>")[1..];

        Assert.NotEmpty(snippets);
        Assert.All(snippets, snippet => Assert.Contains(Squeeze(snippet.Split("// </snippet>")[0]), readme, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Gateway_calls_the_backend_as_the_signed_in_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        GatewaySnippet.Register(builder, backend.Endpoint);
        await using WebApplication gateway = builder.Build();
        gateway.Use((context, next) =>
        {
            // Stands for a real sign-in.
            context.User = Users.Named(context.Request.Headers.Authorization.ToString());
            return next(context);
        });
        GatewaySnippet.Map(gateway);
        await gateway.StartAsync();

        using var browser = new HttpClient { BaseAddress = new Uri(gateway.Urls.Single()) };
        string[] responses = await Task.WhenAll(new[] { "alice", "bob" }.Select(async user =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/notes/whoami");
            request.Headers.TryAddWithoutValidation("Authorization", user);
            using HttpResponseMessage response = await browser.SendAsync(request);
            return await response.Content.ReadAsStringAsync();
        }));

        Assert.Contains("\"alice\"", responses[0], StringComparison.Ordinal);
        Assert.Contains("\"bob\"", responses[1], StringComparison.Ordinal);
    }

    private static string Squeeze(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Folder([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;
}
