using McpIdentityHeaders;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway;

/// <summary>
/// Lists the backends' tools under their prefixes, and forwards calls. Who is calling is nowhere in it: the pool gives the session of the
/// user of the message that is being handled.
/// </summary>
internal sealed partial class ToolForwarder(string[] prefixes, IMcpClientPool clients, ILogger<ToolForwarder> logger)
{
    public async ValueTask<ListToolsResult> ListAsync(CancellationToken cancellationToken)
    {
        IList<Tool>[] tools = await Task.WhenAll(prefixes.Select(prefix => ListAsync(prefix, cancellationToken)));
        return new ListToolsResult { Tools = [.. tools.SelectMany(ofBackend => ofBackend)] };
    }

    public async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> context, CancellationToken cancellationToken)
    {
        CallToolRequestParams call = context.Params!;
        if (call.Name.Split('_', 2) is not [{ } prefix, { } tool] || !prefixes.Contains(prefix))
        {
            throw new McpProtocolException($"Unknown tool: '{call.Name}'", McpErrorCode.InvalidParams);
        }

        ProgressRelay? progress = call.ProgressToken is { } token ? new ProgressRelay(context.Server, token, cancellationToken) : null;
        try
        {
            await using McpClientLease lease = await clients.RentAsync(prefix, cancellationToken);
            CallToolResult result = await lease.Client.CallToolAsync(
                tool,
                call.Arguments?.ToDictionary(argument => argument.Key, argument => (object?)argument.Value),
                progress,
                cancellationToken: cancellationToken);

            // What happened before the result is told before it.
            await (progress?.Sent ?? Task.CompletedTask);
            return result;
        }
        catch (Exception exception) when (IsBackendsFault(exception, cancellationToken))
        {
            BackendFailed(prefix, exception);
            return new CallToolResult
            {
                IsError = true,
                Content = [new TextContentBlock { Text = $"The backend '{prefix}' cannot be reached, or does not answer as it should. Try again later." }],
            };
        }
    }

    /// <summary>Lists one backend's tools; none where it cannot be reached, so that the others' are there still.</summary>
    private async Task<IList<Tool>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        try
        {
            await using McpClientLease lease = await clients.RentAsync(prefix, cancellationToken);
            IList<McpClientTool> tools = await lease.Client.ListToolsAsync(cancellationToken: cancellationToken);
            return [.. tools.Select(tool => Prefixed(prefix, tool.ProtocolTool))];
        }
        catch (Exception exception) when (IsBackendsFault(exception, cancellationToken))
        {
            BackendFailed(prefix, exception);
            return [];
        }
    }

    // What a backend itself answers is the caller's to see, and that the caller gave up is nobody's fault.
    private static bool IsBackendsFault(Exception exception, CancellationToken cancellationToken) =>
        exception is not McpProtocolException && !cancellationToken.IsCancellationRequested;

    private static Tool Prefixed(string prefix, Tool tool) => new()
    {
        Name = $"{prefix}_{tool.Name}",
        Title = tool.Title,
        Description = tool.Description,
        InputSchema = tool.InputSchema,
        OutputSchema = tool.OutputSchema,
        Annotations = tool.Annotations,
        Icons = tool.Icons,
        Meta = tool.Meta,
    };

    [LoggerMessage(1, LogLevel.Warning, "The backend '{Prefix}' failed.")]
    private partial void BackendFailed(string prefix, Exception exception);
}
