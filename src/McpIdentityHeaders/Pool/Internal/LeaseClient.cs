using System.Security.Claims;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>A lease's view of the pooled client: its calls are the renter's, and disposing it ends the lease alone.</summary>
internal sealed class LeaseClient(McpClientLease lease, LeaseIdentity identity, IIdentityAccessor accessor)
    : CallerFlowClient(identity.Session, accessor)
{
    private readonly Lock _gate = new();
    private HashSet<CallerFlowRegistration>? _registrations;
    private TaskCompletionSource<ClientCompletionDetails>? _ended;
    private bool _hasEnded;

    /// <summary>Gets a task that completes with the lease, or with the session if that ends first.</summary>
    public override Task<ClientCompletionDetails> Completion
    {
        get
        {
            lock (_gate)
            {
                _ended ??= new TaskCompletionSource<ClientCompletionDetails>(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_hasEnded)
                {
                    _ended.TrySetResult(new ClientCompletionDetails());
                }

                return Task.WhenAny(Inner.Completion, _ended.Task).Unwrap();
            }
        }
    }

    /// <summary>Ends what the lease's user sees of the client: others may keep its session.</summary>
    internal async ValueTask EndViewAsync()
    {
        lock (_gate)
        {
            _hasEnded = true;
            _ended?.TrySetResult(new ClientCompletionDetails());
        }

        foreach (CallerFlowRegistration registration in RemoveRegistrations())
        {
            await registration.DisposeAsync().ConfigureAwait(false);
        }
    }

    protected override ValueTask EndAsync() => lease.DisposeAsync();

    /// <exception cref="ClaimInjectionException">The caller is not the renter.</exception>
    /// <exception cref="ObjectDisposedException">The lease is disposed.</exception>
    protected override ClaimsPrincipal? GetCaller()
    {
        lease.ThrowIfDisposed();
        ClaimsPrincipal? caller = base.GetCaller();
        identity.ThrowIfNotOwner(caller);
        return caller ?? identity.User;
    }

    protected override void EnterCall()
    {
        ClaimsPrincipal? caller = GetCaller();
        LeaseIdentity.Current = identity;

        // The renter stands in for an unknown user in the caller's own handlers, too.
        if (caller is not null && base.GetCaller() is null)
        {
            AmbientIdentity.Use(caller);
        }
    }

    protected override IAsyncDisposable Register(string method, Func<JsonRpcNotification, CancellationToken, ValueTask> handler)
    {
        lock (_gate)
        {
            // Test under the lock: a handler registered after the lease has ended would outlive it.
            lease.ThrowIfDisposed();
            NotificationOwners? owners = identity.Session.Notifications;
            owners?.OnHandlerAdded(method);
            var registration = new CallerFlowRegistration(
                Inner.RegisterNotificationHandler(
                    method,
                    (notification, token) => owners?.IsOf(notification, identity) == false
                        ? ValueTask.CompletedTask
                        : handler(notification, token)),
                ended =>
                {
                    owners?.OnHandlerRemoved(method);
                    Remove(ended);
                });
            (_registrations ??= []).Add(registration);
            return registration;
        }
    }

    private void Remove(CallerFlowRegistration registration)
    {
        lock (_gate)
        {
            _registrations?.Remove(registration);
        }
    }

    private CallerFlowRegistration[] RemoveRegistrations()
    {
        lock (_gate)
        {
            CallerFlowRegistration[] registrations = [.. _registrations ?? []];
            _registrations = null;
            return registrations;
        }
    }
}
