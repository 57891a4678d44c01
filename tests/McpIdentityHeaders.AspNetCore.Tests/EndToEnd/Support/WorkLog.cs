namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>What a test and the tools of the backend tell each other.</summary>
internal sealed class WorkLog
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _rootsChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets what a test releases when it has heard of a step that a tool reports.</summary>
    public SemaphoreSlim Heard { get; } = new(0);

    /// <summary>Gets what ends when the tool that waits has been called.</summary>
    public Task Started => _started.Task.WaitAsync(Patience);

    /// <summary>Gets what ends when the tool that waits has been told to stop.</summary>
    public Task Cancelled => _cancelled.Task.WaitAsync(Patience);

    /// <summary>Gets what ends when a client has said that its roots have changed.</summary>
    public Task RootsChanged => _rootsChanged.Task.WaitAsync(Patience);

    public void OnRootsChanged() => _rootsChanged.TrySetResult();

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.Register(() => _cancelled.TrySetResult());
        _started.TrySetResult();
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
