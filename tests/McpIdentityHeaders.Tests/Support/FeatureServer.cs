using System.Collections.Concurrent;
using System.ComponentModel;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>
/// What an MCP server can have besides plain tools: progress, parameters in headers, prompts, resources, completions, subscriptions.
/// </summary>
internal static class FeatureServer
{
    public const string Resource = "test://notes";

    /// <summary>A notification of the server's own, with a text.</summary>
    public const string Notification = "notifications/test/told";

    private static readonly ConcurrentDictionary<string, Task> Heard = new();

    /// <summary>Calls the tool that reports progress, which ends when a report has been handled.</summary>
    public static async Task<string> CallWithProgressAsync(
        Func<IReadOnlyDictionary<string, object?>, IProgress<ProgressNotificationValue>, ValueTask<CallToolResult>> callAsync,
        Action<ProgressNotificationValue> report)
    {
        string key = Guid.NewGuid().ToString();
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Heard[key] = heard.Task;
        CallToolResult result = await callAsync(new Dictionary<string, object?> { ["key"] = key }, new SynchronousProgress(value =>
        {
            report(value);
            heard.TrySetResult();
        }));
        return Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;
    }

    /// <summary>
    /// Has the server send a notification and then a report of progress: once that is handled, handlers of the first have been called.
    /// </summary>
    public static async Task NotifyAsync(this McpClient client, string text)
    {
        string key = Guid.NewGuid().ToString();
        var reported = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Heard[key] = reported.Task;
        var arguments = new Dictionary<string, object?> { ["text"] = text, ["key"] = key };
        await client.CallToolAsync("tell", arguments, new SynchronousProgress(_ => reported.TrySetResult()));
    }

    /// <summary>Calls the tool that reports progress through a client.</summary>
    public static Task<string> CallWithProgressAsync(this McpClient client, Action<ProgressNotificationValue> report) =>
        CallWithProgressAsync((arguments, progress) => client.CallToolAsync("progress", arguments, progress), report);

#pragma warning disable MCP9005 // Logging levels are deprecated by the SDK, and still a method of its client.
    public static void Add(IMcpServerBuilder server) => server
        .WithTools<FeatureTools>()
        .WithPrompts<FeaturePrompts>()
        .WithResources<FeatureResources>()
        .WithCompleteHandler((_, _) => ValueTask.FromResult(new CompleteResult { Completion = new Completion { Values = ["completed"] } }))
        .WithSubscribeToResourcesHandler((_, _) => ValueTask.FromResult(new EmptyResult()))
        .WithUnsubscribeFromResourcesHandler((_, _) => ValueTask.FromResult(new EmptyResult()))
        .WithSetLoggingLevelHandler((_, _) => ValueTask.FromResult(new EmptyResult()));
#pragma warning restore MCP9005

    [McpServerToolType]
    private sealed class FeatureTools(IHttpContextAccessor http)
    {
        [McpServerTool(Name = "progress"), Description("Reports progress, waits until it was heard, and returns the caller.")]
        public async Task<string> ReportAsync(IProgress<ProgressNotificationValue> progress, string key)
        {
            progress.Report(new ProgressNotificationValue { Progress = 1 });
            await Heard[key].WaitAsync(AsyncGate.Patience);
            return Subject();
        }

        [McpServerTool(Name = "region"), Description("Returns the header of the parameter.")]
        public string Region([McpHeader("Region")] string region) =>
            $"{region}:{http.HttpContext!.Request.Headers["Mcp-Param-Region"]}";

        [McpServerTool(Name = "update"), Description("Tells the client that the resource was updated.")]
        public async Task<string> UpdateAsync(McpServer server, CancellationToken cancellationToken)
        {
            await server.SendNotificationAsync(
                NotificationMethods.ResourceUpdatedNotification,
                new ResourceUpdatedNotificationParams { Uri = Resource },
                cancellationToken: cancellationToken);
            return Subject();
        }

        [McpServerTool(Name = "tell"), Description("Sends a notification with the text, reports progress, and waits until that was heard.")]
        public static async Task NotifyAsync(
            McpServer server, IProgress<ProgressNotificationValue> progress, string text, string key, CancellationToken cancellationToken)
        {
            await server.SendNotificationAsync(Notification, new JsonObject { ["text"] = text }, cancellationToken: cancellationToken);
            progress.Report(new ProgressNotificationValue { Progress = 1 });
            await Heard[key].WaitAsync(AsyncGate.Patience, cancellationToken);
        }

        [McpServerTool(Name = "wait"), Description("Ends when it is cancelled.")]
        public static async Task<string> WaitAsync(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return "never";
        }

        private string Subject() => http.HttpContext!.Request.Headers["X-User-Sub"].ToString();
    }

    [McpServerPromptType]
    private sealed class FeaturePrompts
    {
        [McpServerPrompt(Name = "greeting"), Description("A greeting.")]
        public static ChatMessage Greeting(string name) => new(ChatRole.User, $"Hello, {name}");
    }

    [McpServerResourceType]
    private sealed class FeatureResources
    {
        [McpServerResource(UriTemplate = Resource, Name = "notes"), Description("Notes.")]
        public static string Notes() => "notes";

        [McpServerResource(UriTemplate = "test://note/{id}", Name = "note"), Description("A note.")]
        public static string Note(string id) => $"note {id}";
    }
}
