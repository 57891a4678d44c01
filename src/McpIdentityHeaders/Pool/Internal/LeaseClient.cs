using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>A lease's view of the pooled client: its calls are the renter's, and disposing it ends the lease alone.</summary>
internal sealed class LeaseClient(McpClientLease lease, LeaseIdentity identity) : CallerFlowClient(identity.Session.Client)
{
    public override ValueTask<IDictionary<string, InputResponse>> ResolveInputRequestsAsync(
        IDictionary<string, InputRequest> inputRequests, CancellationToken cancellationToken)
    {
        lease.ThrowIfReturned();
        return base.ResolveInputRequestsAsync(inputRequests, cancellationToken);
    }

    public override async Task<JsonRpcResponse> SendRequestAsync(JsonRpcRequest request, CancellationToken cancellationToken = default)
    {
        Enter();
        return await base.SendRequestAsync(request, cancellationToken).ConfigureAwait(false);
    }

    public override async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        Enter();
        await base.SendMessageAsync(message, cancellationToken).ConfigureAwait(false);
    }

    public override IAsyncDisposable RegisterNotificationHandler(
        string method, Func<JsonRpcNotification, CancellationToken, ValueTask> handler)
    {
        lease.ThrowIfReturned();
        return base.RegisterNotificationHandler(method, handler);
    }

#pragma warning disable CA2215 // Other leases may share the pooled client: the pool disposes it.
    public override ValueTask DisposeAsync() => lease.DisposeAsync();
#pragma warning restore CA2215

    // Set in an async method: it is undone when the method returns.
    private void Enter()
    {
        lease.ThrowIfReturned();
        LeaseIdentity.Current = identity;
    }
}
