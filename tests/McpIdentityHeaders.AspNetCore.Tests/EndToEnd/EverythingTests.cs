using System.Threading.Channels;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>Somebody else's backend beside the sample's, in another language and with sessions: server-everything.</summary>
public sealed class EverythingTests
{
    // It insists on being called as a task.
    private const string ToolWithTasks = "simulate-research-query";

    [EverythingFact]
    public async Task Tools_of_both_backends_are_listed_under_their_prefixes()
    {
        await using EverythingServer everything = await EverythingServer.StartAsync();
        await using Deployment deployment = await StartAsync(everything);
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);

        IEnumerable<string> tools = (await alice.ListToolsAsync()).Select(tool => tool.Name).ToList();

        Assert.Superset(
            new HashSet<string> { "everything_echo", "everything_get-sum", "everything_trigger-long-running-operation", "notes_whoami" },
            tools.ToHashSet());
        Assert.All(tools, tool => Assert.Matches("^(everything|notes)_", tool));
    }

    [EverythingFact]
    public async Task Call_is_answered_and_each_session_carries_its_own_user()
    {
        await using EverythingServer everything = await EverythingServer.StartAsync();
        await using Deployment deployment = await StartAsync(everything);
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);
        await using McpClient bob = await deployment.ConnectAsync(OidcUser.Bob);

        CallToolResult[] results = await Task.WhenAll(EchoAsync(alice, "from alice"), EchoAsync(bob, "from bob"));

        Assert.Equal(["Echo: from alice", "Echo: from bob"], results.Select(result => result.Text()));
        ILookup<string, string?> subjects = (await everything.StopAsync())
            .Where(exchange => exchange.Headers.ContainsKey("Mcp-Session-Id"))
            .ToLookup(exchange => exchange.Headers["Mcp-Session-Id"], exchange => exchange.Subject);
        Assert.Equal(["alice", "bob"], subjects.Select(session => Assert.Single(session.Distinct())).Order());
    }

    [EverythingFact]
    public async Task Progress_of_a_long_call_arrives_while_it_runs()
    {
        await using EverythingServer everything = await EverythingServer.StartAsync();
        await using Deployment deployment = await StartAsync(everything);
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);
        var reports = Channel.CreateUnbounded<ProgressNotificationValue>();
        using var cancel = new CancellationTokenSource();

        // An hour in steps of a tenth of a second: it does not end before three of them are heard of.
        Task<CallToolResult> call = alice.CallToolAsync(
            "everything_trigger-long-running-operation",
            new Dictionary<string, object?> { ["duration"] = 3600, ["steps"] = 36000 },
            reports.Writer.ToProgress(),
            cancellationToken: cancel.Token).AsTask();

        Assert.Equal(
            ["1/36000", "2/36000", "3/36000"],
            (await reports.Reader.TakeAsync(3)).Select(report => $"{report.Progress}/{report.Total}").Order());
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [EverythingFact]
    public async Task Lists_are_those_that_the_server_itself_has()
    {
        await using EverythingServer everything = await EverythingServer.StartAsync();
        await using Deployment deployment = await StartAsync(everything);
        McpClientOptions options = AnsweringOptions();
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice, options);
        await using McpClient direct = await McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions { Endpoint = everything.Endpoint }), AnsweringOptions());

        Assert.Equal(
            from tool in await direct.ListToolsAsync() where tool.Name != ToolWithTasks orderby tool.Name select $"everything_{tool.Name}",
            from tool in await alice.ListToolsAsync()
            where !tool.Name.StartsWith("notes_", StringComparison.Ordinal)
            orderby tool.Name
            select tool.Name);
        Assert.Equal(
            (await direct.ListPromptsAsync()).Select(prompt => $"everything_{prompt.Name}"),
            (await alice.ListPromptsAsync()).Select(prompt => prompt.Name));
        Assert.Equal(
            (await direct.ListResourcesAsync()).Select(resource => $"everything+{resource.Uri}"),
            (await alice.ListResourcesAsync()).Select(resource => resource.Uri));
        Assert.Equal(
            (await direct.ListResourceTemplatesAsync()).Select(template => $"everything+{template.UriTemplate}"),
            (await alice.ListResourceTemplatesAsync()).Select(template => template.UriTemplate));
        Assert.Contains(
            $"> {direct.ServerInstructions!.Trim().ReplaceLineEndings("\n> ")}", alice.ServerInstructions, StringComparison.Ordinal);
    }

    [EverythingFact]
    public async Task Question_of_the_server_reaches_the_client()
    {
        await using EverythingServer everything = await EverythingServer.StartAsync();
        await using Deployment deployment = await StartAsync(everything);
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice, AnsweringOptions());

        CallToolResult result = await alice.CallToolAsync(
            "everything_trigger-sampling-request", new Dictionary<string, object?> { ["prompt"] = "Say it." });

        Assert.Contains(
            result.Content.OfType<TextContentBlock>(), block => block.Text.Contains("said by the client", StringComparison.Ordinal));
    }

    private static McpClientOptions AnsweringOptions() => new()
    {
        Handlers = new()
        {
            ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult { Action = "decline" }),
#pragma warning disable MCP9005 // Deprecated by the SDK, and still what servers ask for.
            SamplingHandler = (_, _, _) => ValueTask.FromResult(new CreateMessageResult
            {
                Model = "tests",
                Role = Role.Assistant,
                Content = [new TextContentBlock { Text = "said by the client" }],
            }),
            RootsHandler = (_, _) => ValueTask.FromResult(new ListRootsResult { Roots = [] }),
#pragma warning restore MCP9005
        },
    };

    private static Task<Deployment> StartAsync(EverythingServer everything) =>
        Deployment.StartAsync(others: ("everything", everything.Endpoint));

    private static Task<CallToolResult> EchoAsync(McpClient user, string message) =>
        user.CallToolAsync("everything_echo", new Dictionary<string, object?> { ["message"] = message }).AsTask();
}
