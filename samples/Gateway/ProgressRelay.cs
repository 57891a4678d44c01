using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway;

/// <summary>Tells the caller what a backend reports, in the same order.</summary>
internal sealed class ProgressRelay(McpServer caller, ProgressToken token, CancellationToken cancellationToken)
    : IProgress<ProgressNotificationValue>
{
    private readonly Lock _gate = new();

    /// <summary>Gets a task that ends when all that was reported so far has been told.</summary>
    public Task Sent { get; private set; } = Task.CompletedTask;

    public void Report(ProgressNotificationValue value)
    {
        lock (_gate)
        {
            Sent = SendAsync(after: Sent, value);
        }
    }

    private async Task SendAsync(Task after, ProgressNotificationValue value)
    {
        await after;
        await caller.NotifyProgressAsync(token, value, cancellationToken: cancellationToken);
    }
}
