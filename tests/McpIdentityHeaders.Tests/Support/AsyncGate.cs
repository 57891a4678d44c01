namespace McpIdentityHeaders.Tests.Support;

/// <summary>Where code waits for a test to let it go on.</summary>
/// <param name="expected">How many have to wait for them to have arrived.</param>
internal sealed class AsyncGate(int expected = 1)
{
    /// <summary>How long a test waits for what must happen, before it fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    /// <summary>Gets what ends when as many as expected wait.</summary>
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
