namespace McpIdentityHeaders.Internal;

/// <summary>How long what ends a session may take. The SDK's own calls for it have no bound.</summary>
internal sealed class CloseDeadline(Func<TimeSpan> timeout, TimeProvider time, CancellationToken givenUp)
{
    /// <summary>Waits for that long, counted from now. Tells whether the task ended in time; it may have failed.</summary>
    internal async Task<bool> WaitAsync(Task task)
    {
        // What fails after that is nobody's to observe.
        _ = task.ContinueWith(
            static late => _ = late.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

        using CancellationTokenSource timer = StartTimer();
        using CancellationTokenSource bound = Link(timer, CancellationToken.None);
        await task.WaitAsync(bound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !bound.IsCancellationRequested;
    }

    /// <summary>Runs for that long at most, counted from now.</summary>
    internal async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timer = StartTimer();
        using CancellationTokenSource bound = Link(timer, cancellationToken);
        return await action(bound.Token).ConfigureAwait(false);
    }

    private CancellationTokenSource StartTimer() => new(timeout(), time);

    private CancellationTokenSource Link(CancellationTokenSource timer, CancellationToken cancellationToken) =>
        CancellationTokenSource.CreateLinkedTokenSource(timer.Token, givenUp, cancellationToken);
}
