using System.Text.Json.Nodes;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

#pragma warning disable MCP9005 // Deprecated by the SDK, and still what clients use.

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>What backends say of themselves, and unasked, reaches clients of both protocols.</summary>
public sealed class NotificationTests : IAsyncLifetime
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);

    private WorkDeployment _deployment = null!;

    public static TheoryData<string> Backends => [.. WorkDeployment.Backends];

    public static TheoryData<string, string> All => WorkDeployment.All;

    public async Task InitializeAsync() => _deployment = await WorkDeployment.StartAsync();

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    [Theory, InlineData("2025-11-25"), InlineData("2026-07-28")]
    public async Task Instructions_are_those_of_each_backend_under_its_name(string protocol)
    {
        await using McpClient alice = await _deployment.Gateway.ConnectAsync(OidcUser.Alice, protocol);

        Assert.Contains($"# sessions\n\n> {WorkBackend.Instructions}", alice.ServerInstructions, StringComparison.Ordinal);
        Assert.Contains($"# stateless\n\n> {WorkBackend.Instructions}", alice.ServerInstructions, StringComparison.Ordinal);
    }

    [Theory, InlineData("2025-11-25"), InlineData("2026-07-28")]
    public async Task What_no_backend_has_is_not_advertised(string protocol)
    {
        await using Deployment notes = await Deployment.StartAsync();
        await using McpClient few = await notes.ConnectAsync(OidcUser.Alice, protocol);
        await using McpClient all = await _deployment.Gateway.ConnectAsync(OidcUser.Alice, protocol);

        Assert.NotNull(few.ServerCapabilities.Tools);
        Assert.Null(few.ServerCapabilities.Prompts);
        Assert.Null(few.ServerCapabilities.Resources);
        Assert.Null(few.ServerCapabilities.Completions);
        Assert.True(all.ServerCapabilities.Tools!.ListChanged);
        Assert.True(all.ServerCapabilities.Resources!.Subscribe);
        Assert.NotNull(all.ServerCapabilities.Completions);
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Changed_list_is_said_on_the_session_of_a_client(string backend)
    {
        await using McpClient alice = await _deployment.Gateway.ConnectAsync(OidcUser.Alice, "2025-11-25");
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IAsyncDisposable handler = alice.RegisterNotificationHandler(
            NotificationMethods.ToolListChangedNotification, (_, _) => Complete(heard));

        await SayUntilAsync(heard.Task, backend, NotificationMethods.ToolListChangedNotification);
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Changed_resource_is_said_under_its_uri_to_who_subscribed(string backend)
    {
        await using McpClient alice = await _deployment.Gateway.ConnectAsync(OidcUser.Alice, "2025-11-25");
        var heard = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IAsyncDisposable handler = alice.RegisterNotificationHandler(
            NotificationMethods.ResourceUpdatedNotification, (update, _) => Complete(heard, (string?)update.Params?["uri"]));
        string uri = $"{backend}+{WorkResources.Manual}";

        await alice.SubscribeToResourceAsync(uri);
        await SayUntilAsync(heard.Task, backend, NotificationMethods.ResourceUpdatedNotification, Updated());
        await alice.UnsubscribeFromResourceAsync(uri);

        Assert.Equal(uri, await heard.Task);
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Client_that_listens_is_told_what_it_will_hear_of_and_hears_it(string backend)
    {
        string uri = $"{backend}+{WorkResources.Manual}";
        var wanted = new JsonObject { ["toolsListChanged"] = true, ["resourceSubscriptions"] = new JsonArray(uri) };
        await using IAsyncEnumerator<JsonObject> messages = RawCall.ReadAsync(
            _deployment.Gateway.Gateway.Endpoint,
            await _deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Alice),
            "subscriptions/listen",
            new JsonObject { ["notifications"] = wanted }).GetAsyncEnumerator();

        JsonObject acknowledged = await NextAsync(messages);
        await _deployment.NotifyAsync(backend, NotificationMethods.ResourceUpdatedNotification, Updated());
        JsonObject updated = await NextAsync(messages);

        Assert.Equal("notifications/subscriptions/acknowledged", (string?)acknowledged["method"]);
        Assert.True((bool?)acknowledged["params"]!["notifications"]!["toolsListChanged"]);
        Assert.Equal(uri, (string?)acknowledged["params"]!["notifications"]!["resourceSubscriptions"]![0]);
        Assert.Equal(NotificationMethods.ResourceUpdatedNotification, (string?)updated["method"]);
        Assert.Equal(uri, (string?)updated["params"]!["uri"]);
        Assert.Equal(1, (int?)updated["params"]!["_meta"]!["io.modelcontextprotocol/subscriptionId"]);
    }

    [Fact]
    public async Task Changed_roots_of_a_client_are_said_to_backends_with_sessions()
    {
        await using McpClient alice = await _deployment.Gateway.ConnectAsync(OidcUser.Alice, "2025-11-25");

        await alice.SendNotificationAsync(NotificationMethods.RootsListChangedNotification);

        await _deployment.Log.RootsChanged;
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Log_of_a_call_comes_at_the_level_that_a_session_has_set(string backend)
    {
        await using McpClient alice = await _deployment.Gateway.ConnectAsync(OidcUser.Alice, "2025-11-25");
        var heard = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IAsyncDisposable handler = alice.RegisterNotificationHandler(
            NotificationMethods.LoggingMessageNotification, (message, _) => Complete(heard, (string?)message.Params?["data"]));

        await alice.SetLoggingLevelAsync(LoggingLevel.Warning);
        CallToolResult result = await alice.CallToolAsync($"{backend}_log");

        Assert.Equal("Warning", result.Text());
        Assert.Equal("full", await heard.Task);
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Log_and_all_progress_of_a_call_come_before_its_result(string backend)
    {
        var log = new JsonObject
        {
            ["name"] = $"{backend}_log",
            ["_meta"] = new JsonObject { ["io.modelcontextprotocol/logLevel"] = "warning" },
        };
        var hurry = new JsonObject { ["name"] = $"{backend}_hurry", ["_meta"] = new JsonObject { ["progressToken"] = "of the client" } };

        IReadOnlyList<JsonObject> logged = await CallAsync(log);
        IReadOnlyList<JsonObject> hurried = await CallAsync(hurry);

        Assert.Equal("notifications/message", (string?)logged[0]["method"]);
        Assert.NotNull(logged[1]["result"]);
        Assert.Equal(
            ["1 of the client", "2 of the client", "3 of the client"],
            hurried.SkipLast(1).Select(step => $"{step["params"]!["progress"]} {step["params"]!["progressToken"]}"));
        Assert.NotNull(hurried[^1]["result"]);
    }

    private static JsonObject Updated() => new() { ["uri"] = WorkResources.Manual };

    private static ValueTask Complete(TaskCompletionSource heard)
    {
        heard.TrySetResult();
        return ValueTask.CompletedTask;
    }

    private static ValueTask Complete<T>(TaskCompletionSource<T> heard, T value)
    {
        heard.TrySetResult(value);
        return ValueTask.CompletedTask;
    }

    private static async Task<JsonObject> NextAsync(IAsyncEnumerator<JsonObject> messages)
    {
        Assert.True(await messages.MoveNextAsync());
        return messages.Current;
    }

    private async Task<IReadOnlyList<JsonObject>> CallAsync(JsonObject parameters) => await RawCall.SendAsync(
        _deployment.Gateway.Gateway.Endpoint, await _deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Alice), "tools/call", parameters);

    /// <summary>Says it again until it is heard: streams of sessions open by themselves, and what is said before is lost.</summary>
    private async Task SayUntilAsync(Task heard, string backend, string method, JsonObject? parameters = null)
    {
        while (!heard.IsCompleted)
        {
            await _deployment.NotifyAsync(backend, method, parameters);
            await Task.WhenAny(heard, Task.Delay(Again));
        }
    }
}
