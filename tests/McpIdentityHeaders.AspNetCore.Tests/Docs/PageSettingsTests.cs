using System.Text;
using System.Text.Json;
using McpIdentityHeaders.Assertions.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Programs start with the settings that a page shows: each name in them is known, and each value is valid.</summary>
public sealed class PageSettingsTests
{
    [Theory]
    [InlineData("docs/receiving.md", 0)]
    [InlineData("docs/sending.md", 0)]
    [InlineData("docs/assertions.md", 0)]
    [InlineData("docs/assertions.md", 1)]
    public async Task Program_starts_with_the_settings_of_a_page(string page, int index)
    {
        using var key = new TemporaryKeyFile();
        string json = ReadSettings(DocPage.At(page)).ElementAt(index)
            .Replace("/run/secrets/current.pem", JsonEncodedText.Encode(key.Path).Value, StringComparison.Ordinal)
            .Replace("/run/secrets/next.pem", JsonEncodedText.Encode(key.Path).Value, StringComparison.Ordinal)
            .Replace("\u2026", "0123456789abcdef", StringComparison.Ordinal);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        builder.Services.AddDistributedMemoryCache();
        int sections = builder.Configuration.GetChildren().Count(section => Register(builder, section));
        await using WebApplication app = builder.Build();

        await app.StartAsync();
        await app.StopAsync();

        Assert.Equal(1, sections);
    }

    [Fact]
    public void Settings_of_all_pages_are_tried()
    {
        IEnumerable<string> pages = DocPage.All.SelectMany(page => ReadSettings(page).Select(_ => page.Path));

        // Those of in-front.md are a YARP's.
        Assert.Equal(
            ["docs/assertions.md", "docs/assertions.md", "docs/in-front.md", "docs/receiving.md", "docs/sending.md"],
            pages.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> ReadSettings(DocPage page) =>
        page.Snippets.Where(snippet => snippet.Language == "json").Select(snippet => snippet.Source);

    /// <summary>Does what the page does with its settings.</summary>
    private static bool Register(WebApplicationBuilder builder, IConfigurationSection section)
    {
        switch (section.Key)
        {
            case "IdentityHeaders":
                builder.Services.AddAuthentication().AddIdentityHeaders(section);
                return true;
            case "IdentityAssertion":
                builder.Services.AddAuthentication().AddIdentityAssertion(section);
                return true;
            case "Notes":
                builder.Services.AddMcpClient("notes", section).AddClaimInjection(section.GetSection("Claims"));
                return true;
            case "Backends":
                IConfigurationSection notes = section.GetSection("notes");
                builder.Services.AddMcpClient("notes", notes).AddIdentityAssertion(notes.GetSection("Assertion"));
                return true;
            default:
                return false;
        }
    }
}
