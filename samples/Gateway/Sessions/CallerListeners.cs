using System.Text.Json.Nodes;
using Gateway.Backends;
using Gateway.Features;
using McpIdentityHeaders;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Sessions;

/// <summary>Listens to the backends for a client's session, from its start to its end.</summary>
internal sealed class CallerListeners(
    BackendDirectory backends,
    BackendClient client,
    BackendSubscriptions subscriptions,
    SubscriptionLimit subscriptionLimit,
    GatewayLimits limits)
{
    private static readonly SubscriptionsListenNotifications Lists = new()
    {
        ToolsListChanged = true,
        PromptsListChanged = true,
        ResourcesListChanged = true,
        ResourceSubscriptions = [],
    };

    /// <summary>Starts to listen to all backends. What is out of reach is tried again when the client subscribes there.</summary>
    public void Start(CallerRequest request)
    {
        foreach (string prefix in backends.Prefixes)
        {
            _ = ListenAsync(prefix, request);
        }
    }

    /// <summary>Tells the backends that the client's roots have changed, but for those that ask whenever they need them.</summary>
    public Task NotifyAsync(JsonRpcNotification notification, CallerRequest request, CancellationToken cancellationToken) =>
        Task.WhenAll(backends.Prefixes.Select(async prefix =>
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(limits.ListTimeout);
            await client.NotifyAsync(prefix, notification, request, timeout.Token);
        }));

    /// <summary>Subscribes to a resource.</summary>
    /// <exception cref="BackendErrorException">The backend's error.</exception>
    /// <exception cref="BackendUnavailableException">The backend is out of reach.</exception>
    /// <exception cref="McpProtocolException">It is one too many.</exception>
    public async Task SubscribeAsync(string prefix, string uri, CallerRequest request, CancellationToken cancellationToken)
    {
        await ListenAsync(prefix, request);
        if (await HasHandshakeAsync(prefix, request, cancellationToken))
        {
            await client.SendAsync(prefix, request.Method, new JsonObject { ["uri"] = uri }, request, cancellationToken);
            return;
        }

        var wanted = new SubscriptionsListenNotifications { ResourceSubscriptions = [uri] };
        IDisposable place = subscriptionLimit.Enter();
        try
        {
            BackendSubscription started =
                await subscriptions.StartAsync(prefix, wanted, request, request.Session!.Deliver, cancellationToken);
            await request.Session.KeepAsync(KeyOf(prefix, uri), started.EndWith(place));
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    /// <summary>Ends a subscription.</summary>
    /// <inheritdoc cref="SubscribeAsync" path="/exception"/>
    public async Task UnsubscribeAsync(string prefix, string uri, CallerRequest request, CancellationToken cancellationToken)
    {
        if (!await request.Session!.EndAsync(KeyOf(prefix, uri)) && await HasHandshakeAsync(prefix, request, cancellationToken))
        {
            await client.SendAsync(prefix, request.Method, new JsonObject { ["uri"] = uri }, request, cancellationToken);
        }
    }

    private static string KeyOf(string prefix, string uri) => BackendDirectory.QualifyUri(prefix, uri);

    private Task<BackendSubscription> ListenAsync(string prefix, CallerRequest request) =>
        request.Session!.Listening.GetAsync(prefix, async () =>
        {
            using var timeout = new CancellationTokenSource(limits.ListTimeout);
            try
            {
                return await subscriptions.StartAsync(prefix, Lists, request, request.Session.Deliver, timeout.Token);
            }
            catch (OperationCanceledException exception)
            {
                throw BackendErrors.Describe(prefix, exception);
            }
        });

    private async Task<bool> HasHandshakeAsync(string prefix, CallerRequest request, CancellationToken cancellationToken)
    {
        await using McpClientLease lease = await client.RentAsync(prefix, request, cancellationToken);
        return !lease.Client.HasNoHandshake();
    }
}
