using System.Text.Json;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway;

/// <summary>Sends a backend's progress on, under the caller's own token, in order, and none of it after the result.</summary>
internal sealed class ProgressRelay : IAsyncDisposable
{
    // A caller that reads slowly misses steps, and holds nothing up.
    private readonly Channel<ProgressNotificationValue> _steps = Channel.CreateBounded<ProgressNotificationValue>(
        new BoundedChannelOptions(capacity: 16) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly IAsyncDisposable _listening;
    private readonly Task _sending;

    private ProgressRelay(
        McpServer caller, ProgressToken callersToken, McpClient backend, string token, CancellationToken cancellationToken)
    {
        _sending = SendAsync(caller, callersToken, cancellationToken);
        _listening = backend.RegisterNotificationHandler(NotificationMethods.ProgressNotification, (notification, _) =>
        {
            // The client may be everybody's, and so are its notifications.
            if (notification.Params.Deserialize<ProgressNotificationParams>(McpJsonUtilities.DefaultOptions) is { } step
                && step.ProgressToken.ToString() == token)
            {
                _steps.Writer.TryWrite(step.Progress);
            }

            return ValueTask.CompletedTask;
        });
    }

    /// <returns>Null if the caller has not asked for progress: the backend is not asked either.</returns>
    public static ProgressRelay? For(
        RequestContext<CallToolRequestParams> request, McpClient backend, string token, CancellationToken cancellationToken) =>
        request.Params.ProgressToken is { } callersToken
            ? new ProgressRelay(request.Server, callersToken, backend, token, cancellationToken)
            : null;

    public async ValueTask DisposeAsync()
    {
        await _listening.DisposeAsync();
        _steps.Writer.TryComplete();

        // A caller who is gone, or has cancelled, misses progress alone. How the call ended is said by the call.
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task SendAsync(McpServer caller, ProgressToken token, CancellationToken cancellationToken)
    {
        float last = float.NegativeInfinity;
        await foreach (ProgressNotificationValue step in _steps.Reader.ReadAllAsync(cancellationToken))
        {
            // MCP has progress increase, and notifications may overtake each other on their way through a client.
            if (step.Progress > last)
            {
                last = step.Progress;
                await caller.NotifyProgressAsync(token, step, cancellationToken: cancellationToken);
            }
        }
    }
}
