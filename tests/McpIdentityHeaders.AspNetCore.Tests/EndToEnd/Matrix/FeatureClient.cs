using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Matrix;

/// <summary>The client of the C# SDK, which uses one feature after the other.</summary>
internal sealed class FeatureClient
{
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(1);

    private readonly McpClient _client;
    private readonly FeatureRoute _route;
    private readonly SemaphoreSlim _logged;
    private IList<McpClientTool> _tools = [];

    private FeatureClient(McpClient client, FeatureRoute route, SemaphoreSlim logged)
    {
        _client = client;
        _route = route;
        _logged = logged;
    }

    /// <param name="protocol">The version that the client insists on; null for the newest that both ends know.</param>
    /// <param name="route">The way to the server.</param>
    /// <param name="rows">What to use there.</param>
    public static async Task<IReadOnlyDictionary<string, string>> RunAsync(
        string? protocol, FeatureRoute route, IReadOnlyList<FeatureRow> rows)
    {
        using var logged = new SemaphoreSlim(0);
        using var toolsChanged = new SemaphoreSlim(0);
        var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = route.Endpoint,
            AdditionalHeaders = route.Token.Length == 0
                ? []
                : new Dictionary<string, string> { ["Authorization"] = $"Bearer {route.Token}" },
        });
        await using McpClient client = await McpClient.CreateAsync(transport, CreateOptions(protocol, logged, toolsChanged));
        var features = new FeatureClient(client, route, logged);
        await features.ListToolsAsync([.. rows.Where(row => row.Kind == "tool").Select(row => row.Target)], toolsChanged);

        var outcomes = new Dictionary<string, string>();
        foreach (FeatureRow row in rows)
        {
            try
            {
                outcomes[row.Name] = await features.UseAsync(row);
            }
            catch (McpProtocolException error)
            {
                outcomes[row.Name] = $"error {error.ErrorCode}";
            }
            catch (Exception error) when (error is McpException or InvalidOperationException or HttpRequestException)
            {
                outcomes[row.Name] = $"error {error.GetType().Name}";
            }
        }

        return outcomes;
    }

    private static McpClientOptions CreateOptions(string? protocol, SemaphoreSlim logged, SemaphoreSlim toolsChanged) => new()
    {
        ProtocolVersion = protocol,
#pragma warning disable MCP9005 // Sampling and roots are deprecated by the SDK, and backends ask for them.
        Handlers = new McpClientHandlers
        {
            ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult
            {
                Action = "accept",
                Content = new Dictionary<string, JsonElement>
                {
                    ["name"] = JsonElement.Parse("\"Ann\""),
                    ["username"] = JsonElement.Parse("\"ann\""),
                    ["email"] = JsonElement.Parse("\"ann@example.com\""),
                    ["context"] = JsonElement.Parse("\"work\""),
                },
            }),
            SamplingHandler = (_, _, _) => ValueTask.FromResult(new CreateMessageResult
            {
                Model = "none",
                Content = [new TextContentBlock { Text = "sampled" }],
            }),
            RootsHandler = (_, _) => ValueTask.FromResult(new ListRootsResult
            {
                Roots = [new Root { Uri = "file:///work", Name = "work" }],
            }),
            NotificationHandlers =
            [
                Count(NotificationMethods.LoggingMessageNotification, logged),
                Count(NotificationMethods.ToolListChangedNotification, toolsChanged),
            ],
        },
#pragma warning restore MCP9005
    };

    private static KeyValuePair<string, Func<JsonRpcNotification, CancellationToken, ValueTask>> Count(string method, SemaphoreSlim count) =>
        KeyValuePair.Create<string, Func<JsonRpcNotification, CancellationToken, ValueTask>>(method, (_, _) =>
        {
            count.Release();
            return ValueTask.CompletedTask;
        });

    /// <summary>A server may add tools for what the client can do once the session has begun, and notifies of it.</summary>
    private async Task ListToolsAsync(IReadOnlyCollection<string> wanted, SemaphoreSlim changed)
    {
        _tools = await _client.ListToolsAsync();
        bool isNotified = true;
        while (isNotified && !wanted.All(name => _tools.Any(tool => _route.Strip(tool.Name) == name)))
        {
            // A server drops what it sends before the client listens: look once more without being notified.
            isNotified = await changed.WaitAsync(Lag);
            _tools = await _client.ListToolsAsync();
        }
    }

    private async Task<string> UseAsync(FeatureRow row) => row.Kind switch
    {
        "instructions" => Start(_client.ServerInstructions ?? ""),
        "tools" => Names(_tools.Select(tool => tool.Name).Where(name => name.StartsWith(_route.Prefix, StringComparison.Ordinal))),
        "schemas" => SchemaOf(row.Target),
        "prompts" => Names((await _client.ListPromptsAsync()).Select(prompt => prompt.Name)),
        "resources" => Names((await _client.ListResourcesAsync()).Select(resource => resource.Name)),
        "templates" => Names((await _client.ListResourceTemplatesAsync()).Select(template => template.Name)),
        "ping" => await PingAsync(),
        "tool" => Describe(await _client.CallToolAsync(_route.Prefix + row.Target, row.ArgumentValues)),
        "progress" => await ReportAsync(row),
        "logging" => await LogAsync(row),
        "prompt" => Describe(await _client.GetPromptAsync(_route.Prefix + row.Target, row.ArgumentValues)),
        "completion" => await CompleteAsync(row),
        "resource" => Describe(await _client.ReadResourceAsync(await FindResourceAsync(row.Target))),
        "subscription" => await SubscribeAsync(row),
        "template" => Describe(await _client.ReadResourceAsync(await ExpandAsync(row))),
        _ => throw new NotSupportedException(row.Kind),
    };

    private string SchemaOf(string name)
    {
        McpClientTool? tool = _tools.FirstOrDefault(tool => _route.Strip(tool.Name) == name);
        return tool is null ? "missing" : $"{tool.Description} {tool.JsonSchema.GetRawText()} {tool.ReturnJsonSchema}";
    }

    private async Task<string> PingAsync()
    {
        await _client.PingAsync();
        return "answered";
    }

    private async Task<string> ReportAsync(FeatureRow row)
    {
        var reported = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _client.CallToolAsync(_route.Prefix + row.Target, row.ArgumentValues, new FirstReport(reported));

        // The client handles messages at the same time: the result can overtake a report.
        await reported.Task.WaitAsync(AsyncGate.Patience);
        return "reported";
    }

    private async Task<string> LogAsync(FeatureRow row)
    {
#pragma warning disable MCP9005 // Logging is deprecated by the SDK, and older servers have it.
        await _client.SetLoggingLevelAsync(LoggingLevel.Info);
#pragma warning restore MCP9005
        await _client.CallToolAsync(_route.Prefix + row.Target, row.ArgumentValues);

        // The client handles messages at the same time: the result can overtake a line.
        int lines = 0;
        while (lines < 3 && await _logged.WaitAsync(AsyncGate.Patience))
        {
            lines++;
        }

        return $"{lines} lines";
    }

    private async Task<string> CompleteAsync(FeatureRow row)
    {
        (string name, object value) = row.Arguments[0];
        CompleteResult result = await _client.CompleteAsync(
            new PromptReference { Name = _route.Prefix + row.Target }, name, (string)value);
        return string.Join(' ', result.Completion.Values);
    }

    private async Task<string> SubscribeAsync(FeatureRow row)
    {
        string uri = await FindResourceAsync(row.Target);
        await _client.SubscribeToResourceAsync(uri);
        await _client.UnsubscribeFromResourceAsync(uri);
        return "subscribed";
    }

    private async Task<string> FindResourceAsync(string name) =>
        (await _client.ListResourcesAsync()).FirstOrDefault(resource => _route.Strip(resource.Name) == name)?.Uri ?? $"missing:{name}";

    private async Task<string> ExpandAsync(FeatureRow row)
    {
        string template = (await _client.ListResourceTemplatesAsync())
            .FirstOrDefault(template => _route.Strip(template.Name) == row.Target)?.UriTemplate ?? "missing:{id}";
        return row.Arguments.Aggregate(template, (uri, pair) => uri.Replace($"{{{pair.Name}}}", (string)pair.Value));
    }

    private string Names(IEnumerable<string> names) => string.Join(' ', names.Select(_route.Strip).Order(StringComparer.Ordinal));

    private static string Describe(CallToolResult result) =>
        $"{(result.IsError is true ? "error " : "")}{Describe(result.Content)} {result.StructuredContent}";

    private static string Describe(GetPromptResult result) =>
        string.Join(';', result.Messages.Select(message => $"{message.Role} {Describe([message.Content])}"));

    private static string Describe(ReadResourceResult result) => string.Join(';', result.Contents.Select(Describe));

    private static string Describe(ResourceContents contents) =>
        $"{contents.MimeType}:{(contents is TextResourceContents { Text: var text } ? Start(text) : "blob")}";

    private static string Describe(IEnumerable<ContentBlock> contents) => string.Join(';', contents.Select(content => content switch
    {
        TextContentBlock text => Start(text.Text),
        EmbeddedResourceBlock resource => Describe(resource.Resource),
        _ => content.Type,
    }));

    private static string Start(string text) => text[..Math.Min(text.Length, 40)];

    private sealed class FirstReport(TaskCompletionSource reported) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => reported.TrySetResult();
    }
}
