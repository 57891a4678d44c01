using System.Text.Json.Nodes;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway;

/// <summary>One call on a backend's session: what the caller sent, but for what is about the caller's own connection.</summary>
internal static class BackendCall
{
    private static readonly TimeSpan CancellationTimeout = TimeSpan.FromSeconds(5);

    public static async Task<CallToolResult> SendAsync(
        McpClient backend, string tool, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("N");
        JsonObject? meta = WithoutOwnOf(request.Params.Meta);

        await using ProgressRelay? progress = ProgressRelay.For(request, backend, id, cancellationToken);
        if (progress is not null)
        {
            meta ??= [];
            meta["progressToken"] = id;
        }

        try
        {
            CallToolResult result = await backend.SendRequestAsync<CallToolRequestParams, CallToolResult>(
                RequestMethods.ToolsCall,
                new CallToolRequestParams { Name = tool, Arguments = request.Params.Arguments, Meta = meta },
                requestId: new RequestId(id),
                cancellationToken: cancellationToken);

            result.Meta = WithoutOwnOf(result.Meta);
            result.ResultType = null; // The server says it anew, to clients whose protocol has it.
            return result;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && backend.SessionId is not null)
        {
            // The SDK's client hangs up, which cancels the call where there are no sessions. Where there are, a backend wants to be told.
            using var timeout = new CancellationTokenSource(CancellationTimeout);
            await backend.SendNotificationAsync(
                NotificationMethods.CancelledNotification,
                new CancelledNotificationParams { RequestId = new RequestId(id) },
                cancellationToken: timeout.Token);
            throw;
        }
    }

    /// <summary>Leaves out what is about one connection: its protocol version, its two ends, its token for progress.</summary>
    private static JsonObject? WithoutOwnOf(JsonObject? meta)
    {
        var others = new JsonObject(
            from entry in meta ?? []
            where entry.Key != "progressToken" && !entry.Key.StartsWith("io.modelcontextprotocol/", StringComparison.Ordinal)
            select KeyValuePair.Create(entry.Key, entry.Value?.DeepClone()));
        return others.Count > 0 ? others : null;
    }
}
