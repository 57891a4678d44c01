using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>What listens to one backend until it is disposed.</summary>
internal sealed class BackendSubscription(SubscriptionsListenNotifications granted, Func<ValueTask> end) : IAsyncDisposable
{
    /// <summary>Gets what the backend agreed to say, with the URIs as the gateway's clients name them.</summary>
    public SubscriptionsListenNotifications Granted => granted;

    /// <summary>Gives the same, of which something else ends as well.</summary>
    public BackendSubscription EndWith(IDisposable other) => new(granted, async () =>
    {
        await end();
        other.Dispose();
    });

    public ValueTask DisposeAsync() => end();
}
