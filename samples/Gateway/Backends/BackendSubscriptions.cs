using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Features;
using McpIdentityHeaders;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>Listens to backends: on the stream of a session, or by a request that stays open where there are no sessions.</summary>
internal sealed class BackendSubscriptions(BackendClient client, BackendHandshakes handshakes, ILogger<BackendSubscriptions> logger)
{
    private static readonly string[] OnSessions =
    [
        NotificationMethods.ToolListChangedNotification,
        NotificationMethods.PromptListChangedNotification,
        NotificationMethods.ResourceListChangedNotification,
        NotificationMethods.ResourceUpdatedNotification,
        NotificationMethods.LoggingMessageNotification,
        NotificationMethods.ElicitationCompleteNotification,
    ];

    /// <summary>Starts to listen to a backend.</summary>
    /// <param name="prefix">The backend.</param>
    /// <param name="wanted">What the client wants to hear of, with the backend's own URIs.</param>
    /// <param name="caller">The request of the client's that this is for.</param>
    /// <param name="deliver">Gets what the backend says, as it is said to the gateway's clients.</param>
    /// <param name="cancellationToken">Ends the start alone.</param>
    /// <exception cref="BackendErrorException">The backend's error.</exception>
    /// <exception cref="BackendUnavailableException">It did not get through.</exception>
    public async Task<BackendSubscription> StartAsync(
        string prefix,
        SubscriptionsListenNotifications wanted,
        CallerRequest caller,
        Action<JsonRpcNotification> deliver,
        CancellationToken cancellationToken)
    {
        McpClientLease lease = await client.RentAsync(prefix, caller, cancellationToken);
        try
        {
            using IdentityScope scope = AmbientIdentity.Use(await handshakes.UserOfAsync(prefix, caller, cancellationToken));
            return lease.Client.HasNoHandshake()
                ? await ListenAsync(prefix, lease, wanted, caller, deliver, cancellationToken)
                : await ListenOnSessionAsync(prefix, lease, wanted, caller, deliver, cancellationToken);
        }
        catch (Exception exception)
        {
            await lease.DisposeAsync();
            if (exception is BackendErrorException or BackendUnavailableException or OperationCanceledException)
            {
                throw;
            }

            Log.BackendFailed(logger, prefix, exception);
            throw BackendErrors.Describe(prefix, exception);
        }
    }

    private async Task<BackendSubscription> ListenOnSessionAsync(
        string prefix,
        McpClientLease lease,
        SubscriptionsListenNotifications wanted,
        CallerRequest caller,
        Action<JsonRpcNotification> deliver,
        CancellationToken cancellationToken)
    {
        ServerCapabilities has = lease.Client.ServerCapabilities;
        var granted = new SubscriptionsListenNotifications
        {
            ToolsListChanged = wanted.ToolsListChanged is true && has.Tools?.ListChanged is true ? true : null,
            PromptsListChanged = wanted.PromptsListChanged is true && has.Prompts?.ListChanged is true ? true : null,
            ResourcesListChanged = wanted.ResourcesListChanged is true && has.Resources?.ListChanged is true ? true : null,
            ResourceSubscriptions = has.Resources?.Subscribe is true ? wanted.ResourceSubscriptions : null,
        };

        foreach (string method in OnSessions.Where(method => IsGranted(method, granted, caller)))
        {
            // Ends with the lease.
            _ = lease.Client.RegisterNotificationHandler(method, (notification, _) =>
            {
                TryDeliver(prefix, notification, deliver);
                return ValueTask.CompletedTask;
            });
        }

        foreach (string uri in granted.ResourceSubscriptions ?? [])
        {
            await client.SendAsync(prefix, RequestMethods.ResourcesSubscribe, new JsonObject { ["uri"] = uri }, caller, cancellationToken);
        }

        return new BackendSubscription(Qualify(prefix, granted), lease.DisposeAsync);
    }

    private async Task<BackendSubscription> ListenAsync(
        string prefix,
        McpClientLease lease,
        SubscriptionsListenNotifications wanted,
        CallerRequest caller,
        Action<JsonRpcNotification> deliver,
        CancellationToken cancellationToken)
    {
        var parameters = new JsonObject { ["notifications"] = JsonSerializer.SerializeToNode(wanted, McpJsonUtilities.DefaultOptions) };
        BackendExchange exchange =
            await client.StartAsync(prefix, lease.Client, RequestMethods.SubscriptionsListen, parameters, caller);

        var ended = new CancellationTokenSource();
        var granted = new SubscriptionsListenNotifications();
        try
        {
            // A backend that has nothing to say ends the request at once, with an acknowledgement of nothing or without.
            if (await exchange.ReadAsync(cancellationToken) is JsonRpcNotification
                {
                    Method: NotificationMethods.SubscriptionsAcknowledgedNotification, Params: { } acknowledged,
                })
            {
                granted = acknowledged
                    .Deserialize<SubscriptionsAcknowledgedNotificationParams>(McpJsonUtilities.DefaultOptions)!.Notifications;
            }
        }
        catch
        {
            await exchange.DisposeAsync();
            throw;
        }

        Task reading = ReadAsync(prefix, exchange, deliver, ended.Token);
        return new BackendSubscription(Qualify(prefix, granted), async () =>
        {
            await ended.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await exchange.DisposeAsync();
            await lease.DisposeAsync();
            ended.Dispose();
        });
    }

    private static async Task ReadAsync(
        string prefix, BackendExchange exchange, Action<JsonRpcNotification> deliver, CancellationToken cancellationToken)
    {
        while (await exchange.ReadAsync(cancellationToken) is JsonRpcNotification notification)
        {
            TryDeliver(prefix, notification, deliver);
        }
    }

    private static void TryDeliver(string prefix, JsonRpcNotification notification, Action<JsonRpcNotification> deliver)
    {
        try
        {
            JsonRpcNotification qualified = Qualify(prefix, notification);
            WritableJson.Ensure(qualified.Params);
            deliver(qualified);
        }
        catch (Exception exception) when (BackendErrors.IsMalformed(exception))
        {
            // It says nothing, and the next may.
        }
    }

    private static bool IsGranted(string method, SubscriptionsListenNotifications granted, CallerRequest caller) => method switch
    {
        NotificationMethods.ToolListChangedNotification => granted.ToolsListChanged is true,
        NotificationMethods.PromptListChangedNotification => granted.PromptsListChanged is true,
        NotificationMethods.ResourceListChangedNotification => granted.ResourcesListChanged is true,
        NotificationMethods.ResourceUpdatedNotification => granted.ResourceSubscriptions is not null,

        // On a session of its own, a client hears what is not of a call too.
        _ => caller.Session is not null,
    };

    private static SubscriptionsListenNotifications Qualify(string prefix, SubscriptionsListenNotifications granted) => new()
    {
        ToolsListChanged = granted.ToolsListChanged,
        PromptsListChanged = granted.PromptsListChanged,
        ResourcesListChanged = granted.ResourcesListChanged,
        ResourceSubscriptions = granted.ResourceSubscriptions?.Select(uri => BackendDirectory.QualifyUri(prefix, uri)).ToList(),
    };

    private static JsonRpcNotification Qualify(string prefix, JsonRpcNotification notification)
    {
        // A copy: several listen to one session.
        JsonNode? parameters = notification.Params?.DeepClone();
        if (notification.Method == NotificationMethods.ResourceUpdatedNotification)
        {
            BackendUris.Qualify(prefix, parameters, "uri");
        }

        return new JsonRpcNotification { Method = notification.Method, Params = parameters };
    }
}
