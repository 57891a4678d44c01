using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Gateway.Backends;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Features;

/// <summary>The response to a client that listens: first what it will hear of, then that, each marked as its subscription's.</summary>
internal sealed class SubscriptionStream(CallerRequest caller)
{
    // A client that reads slowly misses some: each says only that something is to be asked for again.
    private readonly Channel<JsonRpcNotification> _notifications = Channel.CreateBounded<JsonRpcNotification>(
        new BoundedChannelOptions(capacity: 256) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void Write(JsonRpcNotification notification) => _notifications.Writer.TryWrite(notification);

    public async Task RunAsync(IEnumerable<BackendSubscription> started, CancellationToken cancellationToken)
    {
        var granted = new SubscriptionsAcknowledgedNotificationParams { Notifications = Join(started.Select(part => part.Granted)) };
        await SendAsync(
            NotificationMethods.SubscriptionsAcknowledgedNotification,
            JsonSerializer.SerializeToNode(granted, McpJsonUtilities.DefaultOptions)!.AsObject(),
            cancellationToken);

        await foreach (JsonRpcNotification notification in _notifications.Reader.ReadAllAsync(cancellationToken))
        {
            await SendAsync(notification.Method, notification.Params as JsonObject ?? [], cancellationToken);
        }
    }

    private static SubscriptionsListenNotifications Join(IEnumerable<SubscriptionsListenNotifications> parts)
    {
        SubscriptionsListenNotifications[] granted = [.. parts];
        List<string> uris = [.. granted.SelectMany(part => part.ResourceSubscriptions ?? [])];
        return new SubscriptionsListenNotifications
        {
            ToolsListChanged = granted.Any(part => part.ToolsListChanged is true) ? true : null,
            PromptsListChanged = granted.Any(part => part.PromptsListChanged is true) ? true : null,
            ResourcesListChanged = granted.Any(part => part.ResourcesListChanged is true) ? true : null,
            ResourceSubscriptions = uris.Count > 0 ? uris : null,
        };
    }

    private Task SendAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        JsonObject meta = parameters["_meta"] as JsonObject ?? [];
        meta[MetaKeys.SubscriptionId] = JsonSerializer.SerializeToNode(caller.Id, McpJsonUtilities.DefaultOptions);
        parameters["_meta"] = meta;
        return caller.NotifyAsync(method, parameters, cancellationToken);
    }
}
