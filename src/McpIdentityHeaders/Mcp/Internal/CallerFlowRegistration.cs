namespace McpIdentityHeaders.Internal;

/// <summary>The registration of a handler that runs in its caller's flow.</summary>
internal sealed class CallerFlowRegistration(IAsyncDisposable registration, Action<CallerFlowRegistration>? onDispose = null) : IAsyncDisposable
{
    public ValueTask DisposeAsync()
    {
        onDispose?.Invoke(this);
        ValueTask disposing = registration.DisposeAsync();

        // The SDK waits for handlers that are running, and recognizes its own flow only: a handler that waits for itself never ends.
        return CallerFlow.IsInCallback ? ValueTask.CompletedTask : disposing;
    }
}
