using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>Prompts, resources and completions come through the gateway, for clients and backends of both protocols.</summary>
public sealed class FeatureTests : IAsyncLifetime
{
    private WorkDeployment _deployment = null!;

    public static TheoryData<string, string> All => WorkDeployment.All;

    public async Task InitializeAsync() => _deployment = await WorkDeployment.StartAsync();

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    [Theory, MemberData(nameof(All))]
    public async Task Prompts_are_listed_under_their_prefix_and_got(string backend, string protocol)
    {
        await using McpClient alice = await ConnectAsync(protocol);

        IList<McpClientPrompt> prompts = await alice.ListPromptsAsync();
        GetPromptResult greeting = await alice.GetPromptAsync($"{backend}_greet", new Dictionary<string, object?> { ["name"] = "Bob" });

        McpClientPrompt greet = Assert.Single(prompts, prompt => prompt.Name == $"{backend}_greet");
        Assert.Equal(("Greeting", "Greets someone."), (greet.Title, greet.Description));
        Assert.Equal("name", Assert.Single(greet.ProtocolPrompt.Arguments!).Name);
        Assert.Equal("Greet Bob.", Assert.IsType<TextContentBlock>(Assert.Single(greeting.Messages).Content).Text);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Link_in_a_prompt_is_read_as_it_comes(string backend, string protocol)
    {
        await using McpClient alice = await ConnectAsync(protocol);

        GetPromptResult review = await alice.GetPromptAsync($"{backend}_review");

        var link = Assert.IsType<ResourceLinkBlock>(Assert.Single(review.Messages).Content);
        Assert.Equal("Read me.", await ReadAsync(alice, link.Uri));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Links_and_contents_of_a_tool_are_read_as_they_come(string backend, string protocol)
    {
        await using McpClient alice = await ConnectAsync(protocol);

        CallToolResult result = await alice.CallToolAsync($"{backend}_cite");

        Assert.Equal("Read me.", await ReadAsync(alice, result.Content.OfType<ResourceLinkBlock>().Single().Uri));
        Assert.Equal("Read me.", await ReadAsync(alice, result.Content.OfType<EmbeddedResourceBlock>().Single().Resource.Uri));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Resources_are_told_apart_and_read(string backend, string protocol)
    {
        await using McpClient alice = await ConnectAsync(protocol);

        IList<McpClientResource> resources = await alice.ListResourcesAsync();
        McpClientResource manual = Assert.Single(resources, resource => resource.Uri == $"{backend}+{WorkResources.Manual}");
        ReadResourceResult read = await manual.ReadAsync();

        Assert.Equal(resources.Count, resources.DistinctBy(resource => resource.Uri).Count());
        var contents = Assert.IsType<TextResourceContents>(Assert.Single(read.Contents));
        Assert.Equal((manual.Uri, "Read me.", "text/plain"), (contents.Uri, contents.Text, contents.MimeType));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Template_is_listed_and_expands_to_what_can_be_read(string backend, string protocol)
    {
        await using McpClient alice = await ConnectAsync(protocol);

        IList<McpClientResourceTemplate> templates = await alice.ListResourceTemplatesAsync();
        McpClientResourceTemplate page = Assert.Single(templates, template => template.UriTemplate == $"{backend}+{WorkResources.Pages}");
        ReadResourceResult read = await page.ReadAsync(new Dictionary<string, object?> { ["number"] = "7" });

        Assert.Equal("Page 7.", Assert.IsType<TextResourceContents>(Assert.Single(read.Contents)).Text);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Completion_reaches_the_backend_under_its_own_names(string backend, string protocol)
    {
        await using McpClient alice = await ConnectAsync(protocol);

        CompleteResult prompt = await alice.CompleteAsync(new PromptReference { Name = $"{backend}_greet" }, "name", "B");
        CompleteResult page = await alice.CompleteAsync(
            new ResourceTemplateReference { Uri = $"{backend}+{WorkResources.Pages}" }, "number", "1");

        Assert.Equal(["greet name=B"], prompt.Completion.Values);
        Assert.Equal([$"{WorkResources.Pages} number=1"], page.Completion.Values);
    }

    [Theory, InlineData("2025-11-25"), InlineData("2026-07-28")]
    public async Task Backend_of_the_older_protocol_without_sessions_is_served(string protocol)
    {
        await using RunningApp backend = await BareBackend.StartAsync(mcp =>
        {
            mcp.WithTools<WorkTools>();
            mcp.Services.AddSingleton<WorkLog>().Configure<McpServerOptions>(options => options.ProtocolVersion = "2025-11-25");
        });
        await using Deployment deployment = await Deployment.StartAsync(others: ("older", backend.Endpoint));
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice, protocol);

        CallToolResult result = await alice.CallToolAsync("older_cite");

        Assert.Contains("older_cite", (await alice.ListToolsAsync()).Select(tool => tool.Name));
        Assert.Equal(2, result.Content.Count);
    }

    [Theory]
    [InlineData("nowhere+docs://manual")]
    [InlineData("docs://manual")]
    [InlineData("stateless+docs://missing")]
    public async Task Resource_that_is_not_there_is_an_error_of_the_protocol(string uri)
    {
        await using McpClient alice = await ConnectAsync("2026-07-28");

        McpProtocolException error = await Assert.ThrowsAsync<McpProtocolException>(async () => await alice.ReadResourceAsync(uri));

        Assert.Contains(error.ErrorCode, new[] { McpErrorCode.InvalidParams, McpErrorCode.ResourceNotFound });
    }

    private static async Task<string> ReadAsync(McpClient client, string uri) =>
        Assert.IsType<TextResourceContents>(Assert.Single((await client.ReadResourceAsync(uri)).Contents)).Text;

    private Task<McpClient> ConnectAsync(string protocol) => _deployment.Gateway.ConnectAsync(OidcUser.Alice, protocol);
}
