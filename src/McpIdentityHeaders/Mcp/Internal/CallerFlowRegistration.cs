namespace McpIdentityHeaders.Internal;

/// <summary>The registration of a handler that runs in its caller's flow.</summary>
/// <param name="registration">The SDK's registration.</param>
/// <param name="onDispose">Runs when it is first disposed.</param>
internal sealed class CallerFlowRegistration(IAsyncDisposable registration, Action<CallerFlowRegistration>? onDispose = null)
    : IAsyncDisposable
{
    private Action<CallerFlowRegistration>? _onDispose = onDispose;

    public ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _onDispose, null)?.Invoke(this);
        ValueTask disposing = registration.DisposeAsync();

        // The SDK waits for handlers that are running, and recognizes its own flow only: a handler that waits for itself never ends.
        return CallerFlow.IsInCallback ? ValueTask.CompletedTask : disposing;
    }
}
