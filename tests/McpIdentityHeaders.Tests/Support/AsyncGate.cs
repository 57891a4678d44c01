namespace McpIdentityHeaders.Tests.Support;

/// <summary>Holds code until a test releases it.</summary>
/// <param name="expected">The number of waiters that complete Arrived.</param>
internal sealed class AsyncGate(int expected = 1)
{
    /// <summary>How long a test waits for what must happen, before it fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    /// <summary>Gets a task that completes once the expected number waits.</summary>
    public Task Arrived => _arrived.Task.WaitAsync(Patience);

    public void Release() => _released.TrySetResult();

    public Task WaitAsync()
    {
        if (Interlocked.Increment(ref _count) == expected)
        {
            _arrived.TrySetResult();
        }

        return _released.Task.WaitAsync(Patience);
    }
}
