using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>Says something unasked to whoever listens to a backend: on the streams of its sessions, and to requests that listen.</summary>
internal sealed class WorkNotifier
{
    private readonly ConcurrentDictionary<McpServer, bool> _sessions = new();
    private readonly ConcurrentDictionary<Channel<JsonRpcNotification>, bool> _listeners = new();

    public async Task NotifyAsync(string method, JsonObject parameters)
    {
        foreach (McpServer session in _sessions.Keys.Where(session => session.SessionId is { Length: > 0 }))
        {
            await session.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters.DeepClone() });
        }

        foreach (Channel<JsonRpcNotification> listener in _listeners.Keys)
        {
            listener.Writer.TryWrite(new JsonRpcNotification { Method = method, Params = parameters.DeepClone() });
        }
    }

    public async Task RunAsync(McpServer session, CancellationToken cancellationToken)
    {
        _sessions[session] = true;
        try
        {
            await session.RunAsync(cancellationToken);
        }
        finally
        {
            _sessions.TryRemove(session, out _);
        }
    }

    /// <summary>Grants all that is asked for, and says it until the client hangs up.</summary>
    public async ValueTask<EmptyResult> ListenAsync(
        RequestContext<SubscriptionsListenRequestParams> request, CancellationToken cancellationToken)
    {
        var listener = Channel.CreateUnbounded<JsonRpcNotification>();
        _listeners[listener] = true;
        try
        {
            await request.Server.SendNotificationAsync(
                NotificationMethods.SubscriptionsAcknowledgedNotification,
                new SubscriptionsAcknowledgedNotificationParams { Notifications = request.Params!.Notifications },
                cancellationToken: cancellationToken);
            await foreach (JsonRpcNotification notification in listener.Reader.ReadAllAsync(cancellationToken))
            {
                notification.Params!["_meta"] = new JsonObject
                {
                    [MetaKeys.SubscriptionId] = JsonSerializer.SerializeToNode(request.JsonRpcRequest.Id, McpJsonUtilities.DefaultOptions),
                };
                await request.Server.SendMessageAsync(notification, cancellationToken);
            }
        }
        finally
        {
            _listeners.TryRemove(listener, out _);
        }

        return new EmptyResult();
    }
}
