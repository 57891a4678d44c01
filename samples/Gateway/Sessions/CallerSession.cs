using System.Collections.Concurrent;
using System.Threading.Channels;
using Gateway.Backends;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Sessions;

/// <summary>A client's session with the gateway, and what belongs to it.</summary>
internal sealed class CallerSession(string id, McpServer server) : IAsyncDisposable
{
    // A client that reads slowly misses some: each says only that something is to be asked for again.
    private readonly Channel<JsonRpcNotification> _notifications = Channel.CreateBounded<JsonRpcNotification>(
        new BoundedChannelOptions(capacity: 256) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<BackendSubscription>> _listening = [];
    private readonly ConcurrentDictionary<string, BackendSubscription> _subscriptions = new();

    public string Id => id;

    /// <summary>Gets or sets the least serious log messages that the client wants; null for none.</summary>
    public string? LogLevel { get; set; }

    /// <summary>Sends a notification on the session's own stream.</summary>
    public void Deliver(JsonRpcNotification notification) => _notifications.Writer.TryWrite(notification);

    /// <summary>Sends what is delivered, until the session ends.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        await foreach (JsonRpcNotification notification in _notifications.Reader.ReadAllAsync(cancellationToken))
        {
            await server.SendMessageAsync(notification, cancellationToken);
        }
    }

    /// <summary>Starts to listen to a backend, unless that is done already. A start that failed is made again.</summary>
    public Task ListenOnceAsync(string prefix, Func<Task<BackendSubscription>> start)
    {
        lock (_lock)
        {
            if (!_listening.TryGetValue(prefix, out Task<BackendSubscription>? started) || started.IsFaulted || started.IsCanceled)
            {
                _listening[prefix] = started = start();
            }

            return started;
        }
    }

    /// <summary>Keeps a subscription until it is ended, or the session is.</summary>
    public async Task KeepAsync(string key, BackendSubscription subscription)
    {
        if (!_subscriptions.TryAdd(key, subscription))
        {
            await subscription.DisposeAsync();
        }
    }

    /// <summary>Ends a subscription.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> EndAsync(string key)
    {
        if (!_subscriptions.TryRemove(key, out BackendSubscription? subscription))
        {
            return false;
        }

        await subscription.DisposeAsync();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string key in _subscriptions.Keys)
        {
            await EndAsync(key);
        }

        Task<BackendSubscription>[] started;
        lock (_lock)
        {
            started = [.. _listening.Values];
        }

        foreach (Task<BackendSubscription> listening in started)
        {
            await ((Task)listening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (listening.IsCompletedSuccessfully)
            {
                await (await listening).DisposeAsync();
            }
        }
    }
}
