using System.Text.Json.Nodes;
using Gateway.Backends;
using Gateway.Sessions;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Features;

/// <summary>What backends say unasked: that a list has changed, or a resource. Clients subscribe, or listen by a request.</summary>
internal sealed class SubscriptionFeature(
    BackendDirectory backends,
    BackendSubscriptions subscriptions,
    CallerListeners listeners,
    CallerRequests requests,
    SubscriptionLimit subscriptionLimit,
    GatewayLimits limits)
    : IFeature, IConfigureOptions<McpServerOptions>
{
    public IReadOnlyDictionary<string, FeatureHandler> Handlers => new Dictionary<string, FeatureHandler>
    {
        [RequestMethods.ResourcesSubscribe] = SubscribeAsync,
        [RequestMethods.ResourcesUnsubscribe] = UnsubscribeAsync,
    };

    public void Configure(McpServerOptions options) => options.Handlers.SubscriptionsListenHandler = ListenAsync;

    private async Task<JsonObject> SubscribeAsync(CallerRequest request, CancellationToken cancellationToken)
    {
        (string prefix, string uri) = backends.ResolveUri(request.GetString("uri"));
        await listeners.SubscribeAsync(prefix, uri, request, cancellationToken);
        return [];
    }

    private async Task<JsonObject> UnsubscribeAsync(CallerRequest request, CancellationToken cancellationToken)
    {
        (string prefix, string uri) = backends.ResolveUri(request.GetString("uri"));
        await listeners.UnsubscribeAsync(prefix, uri, request, cancellationToken);
        return [];
    }

    /// <summary>Listens to all backends that have what is asked for, until the client hangs up.</summary>
    private async ValueTask<EmptyResult> ListenAsync(
        RequestContext<SubscriptionsListenRequestParams> context, CancellationToken cancellationToken)
    {
        using IDisposable place = subscriptionLimit.Enter();
        CallerRequest caller = requests.Open(context.Server, context.JsonRpcRequest);
        var stream = new SubscriptionStream(caller);
        BackendSubscription?[] started = [];
        try
        {
            started = await Task.WhenAll(backends.Prefixes.Select(
                prefix => TryStartAsync(prefix, WantedOf(prefix, context.Params.Notifications), caller, stream, cancellationToken)));
            await stream.RunAsync(started.OfType<BackendSubscription>(), cancellationToken);
        }
        finally
        {
            foreach (BackendSubscription subscription in started.OfType<BackendSubscription>())
            {
                await subscription.DisposeAsync();
            }
        }

        return new EmptyResult();
    }

    private async Task<BackendSubscription?> TryStartAsync(
        string prefix,
        SubscriptionsListenNotifications wanted,
        CallerRequest caller,
        SubscriptionStream stream,
        CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limits.ListTimeout);
        try
        {
            return await subscriptions.StartAsync(prefix, wanted, caller, stream.Write, timeout.Token);
        }
        catch (Exception exception) when (
            exception is BackendErrorException or BackendUnavailableException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            // What is granted says that nothing is to come from it.
            return null;
        }
    }

    private SubscriptionsListenNotifications WantedOf(string prefix, SubscriptionsListenNotifications wanted) => new()
    {
        ToolsListChanged = wanted.ToolsListChanged,
        PromptsListChanged = wanted.PromptsListChanged,
        ResourcesListChanged = wanted.ResourcesListChanged,
        ResourceSubscriptions =
        [
            // What no backend has is not granted.
            .. from found in (wanted.ResourceSubscriptions ?? []).OfType<string>().Select(backends.FindUri)
               where found?.Prefix == prefix
               select found.Value.Uri,
        ],
    };
}
