namespace McpIdentityHeaders.Internal;

/// <summary>Limits how long ending a session may take: the SDK's own calls for it have no timeout.</summary>
internal sealed class CloseDeadline(Func<TimeSpan> timeout, TimeProvider time, CancellationToken givenUp)
{
    /// <summary>Waits for a task until the timeout, counted from now. Returns whether it completed in time; it may have failed.</summary>
    internal async Task<bool> WaitAsync(Task task)
    {
        // Observe a late failure: no caller awaits the task any more.
        _ = task.ContinueWith(
            static late => _ = late.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

        using CancellationTokenSource timer = StartTimer();
        using CancellationTokenSource deadline = Link(timer, CancellationToken.None);
        await task.WaitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !deadline.IsCancellationRequested;
    }

    /// <summary>Runs an action until the timeout, counted from now.</summary>
    internal async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timer = StartTimer();
        using CancellationTokenSource deadline = Link(timer, cancellationToken);
        return await action(deadline.Token).ConfigureAwait(false);
    }

    private CancellationTokenSource StartTimer() => new(timeout(), time);

    private CancellationTokenSource Link(CancellationTokenSource timer, CancellationToken cancellationToken) =>
        CancellationTokenSource.CreateLinkedTokenSource(timer.Token, givenUp, cancellationToken);
}
