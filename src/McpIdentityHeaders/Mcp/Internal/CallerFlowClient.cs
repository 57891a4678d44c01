using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// An MCP client in front of another, whose callbacks run in the flow of the caller that registered them: the SDK runs them in that of its
/// message loop, where the user is the session's.
/// </summary>
#pragma warning disable MCPEXP002 // Subclassing may change with the SDK: the tests run with the newest one too.
internal class CallerFlowClient(McpClient inner) : McpClient
#pragma warning restore MCPEXP002
{
    /// <summary>Gets the client behind.</summary>
    internal McpClient Inner => inner;

    public override string? SessionId => inner.SessionId;

    public override string? NegotiatedProtocolVersion => inner.NegotiatedProtocolVersion;

    public override ServerCapabilities ServerCapabilities => inner.ServerCapabilities;

    public override Implementation? ServerInfo => inner.ServerInfo;

    public override string? ServerInstructions => inner.ServerInstructions;

    public override Task<ClientCompletionDetails> Completion => inner.Completion;

    public override void AddKnownTools(IEnumerable<Tool> tools) => inner.AddKnownTools(tools);

    public override void RemoveKnownTools(IEnumerable<string> toolNames) => inner.RemoveKnownTools(toolNames);

    public override void ClearKnownTools() => inner.ClearKnownTools();

    public override ValueTask<IDictionary<string, InputResponse>> ResolveInputRequestsAsync(
        IDictionary<string, InputRequest> inputRequests, CancellationToken cancellationToken) =>
        inner.ResolveInputRequestsAsync(inputRequests, cancellationToken);

    public override Task<JsonRpcResponse> SendRequestAsync(JsonRpcRequest request, CancellationToken cancellationToken = default) =>
        inner.SendRequestAsync(request, cancellationToken);

    public override Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default) =>
        inner.SendMessageAsync(message, cancellationToken);

    public override IAsyncDisposable RegisterNotificationHandler(
        string method, Func<JsonRpcNotification, CancellationToken, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);

        // A suppressed flow cannot be captured: its callbacks run in the message loop's.
        ExecutionContext? flow = ExecutionContext.Capture();
        return inner.RegisterNotificationHandler(
            method, flow is null ? handler : (notification, cancellationToken) => RunAsync(flow, handler, notification, cancellationToken));
    }

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    // Async, so that the flow of the message loop comes back when it returns.
    private static async ValueTask RunAsync(
        ExecutionContext flow,
        Func<JsonRpcNotification, CancellationToken, ValueTask> handler,
        JsonRpcNotification notification,
        CancellationToken cancellationToken)
    {
        ExecutionContext.Restore(flow);
        await handler(notification, cancellationToken).ConfigureAwait(false);
    }
}
