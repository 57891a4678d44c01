using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>What listens to one backend until it is disposed.</summary>
internal sealed class BackendSubscription(SubscriptionsListenNotifications granted, Func<ValueTask> end) : IAsyncDisposable
{
    /// <summary>Gets what the backend agreed to say, with the URIs as the gateway's clients name them.</summary>
    public SubscriptionsListenNotifications Granted => granted;

    public ValueTask DisposeAsync() => end();
}
