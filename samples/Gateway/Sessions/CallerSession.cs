using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Gateway.Backends;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Sessions;

/// <summary>A client's session with the gateway, and what belongs to it.</summary>
internal sealed class CallerSession(string id, McpServer server) : IAsyncDisposable
{
    // A client that reads slowly misses some: each says only that something is to be asked for again.
    private readonly Channel<JsonRpcNotification> _notifications = Channel.CreateBounded<JsonRpcNotification>(
        new BoundedChannelOptions(capacity: 256) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly TaskCompletionSource _listens = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentDictionary<string, BackendSubscription> _subscriptions = new();

    public string Id => id;

    /// <summary>Gets or sets the least serious log messages that the client wants; null for none.</summary>
    public string? LogLevel { get; set; }

    /// <summary>Gets the protocol of each backend's session for this one; null where the backend has none.</summary>
    public OncePerBackend<string?> Protocols { get; } = new();

    /// <summary>Gets what listens to each backend.</summary>
    public OncePerBackend<BackendSubscription> Listening { get; } = new();

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

    /// <summary>Notes that the client has opened the session's own stream: from now on it can be asked there.</summary>
    public void OnListening() => _listens.TrySetResult();

    /// <summary>Asks the client on the session's own stream, once that is open.</summary>
    /// <exception cref="McpProtocolException">The client's error, or it has no such stream.</exception>
    public async ValueTask<TAnswer> AskAsync<TQuestion, TAnswer>(
        string method, TQuestion question, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        var request = new JsonRpcRequest
        {
            Method = method,
            Params = JsonSerializer.SerializeToNode(question, McpJsonUtilities.DefaultOptions),
        };
        try
        {
            await _listens.Task.WaitAsync(patience, ended.Token);
            JsonRpcResponse answer = await server.SendRequestAsync(request, ended.Token);
            return answer.Result.Deserialize<TAnswer>(McpJsonUtilities.DefaultOptions)!;
        }
        catch (TimeoutException exception)
        {
            throw new McpProtocolException(
                "The client listens to no stream that it could be asked on.", exception, McpErrorCode.InternalError);
        }
        catch (McpProtocolException exception)
        {
            JsonRpcErrorDetail error = BackendErrors.AsSent(exception).Error;
            throw new McpProtocolException(error.Message, exception, (McpErrorCode)error.Code);
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
        await _ended.CancelAsync();
        foreach (string key in _subscriptions.Keys)
        {
            await EndAsync(key);
        }

        foreach (Task<BackendSubscription> listening in Listening.All)
        {
            await ((Task)listening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (listening.IsCompletedSuccessfully)
            {
                await (await listening).DisposeAsync();
            }
        }
    }
}
