using System.Security.Claims;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>The renter's view of a pooled client: it serves the renter alone, until the lease is given back.</summary>
internal sealed class LeasedClient(string name, SessionPool pool, PooledSession session, LeaseIdentity identity, IIdentityAccessor accessor)
    : CallerClient(session.Session, accessor)
{
    private readonly Lock _gate = new();
    private HashSet<CallerFlowRegistration>? _registrations;
    private PooledSession? _session = session;

    internal bool IsGivenBack => Volatile.Read(ref _session) is null;

    /// <summary>Gives the lease back, and ends its handlers. The session stays open for others.</summary>
    protected override async ValueTask EndAsync()
    {
        if (Interlocked.Exchange(ref _session, null) is not { } leased)
        {
            return;
        }

        Task releasing = pool.Release(leased);
        foreach (CallerFlowRegistration registration in TakeRegistrations())
        {
            await registration.DisposeAsync().ConfigureAwait(false);
        }

        await releasing.ConfigureAwait(false);
    }

    /// <exception cref="ClaimInjectionException">The caller is not the renter.</exception>
    /// <exception cref="ObjectDisposedException">The lease is given back.</exception>
    protected override ClaimsPrincipal? GetCaller()
    {
        ThrowIfGivenBack();
        ClaimsPrincipal? caller = base.GetCaller();
        identity.ThrowIfNotOwner(caller);
        return caller ?? identity.User;
    }

    protected override void EnterCall()
    {
        ClaimsPrincipal? caller = GetCaller();
        identity.Enter();

        // The renter stands in for an unknown user in handlers of the caller's, too.
        if (caller is not null && base.GetCaller() is null)
        {
            AmbientIdentity.Use(caller);
        }
    }

    protected override IAsyncDisposable Register(string method, Func<JsonRpcNotification, CancellationToken, ValueTask> handler)
    {
        lock (_gate)
        {
            // Test under the lock: a handler registered after the lease is given back would outlive it.
            ThrowIfGivenBack();
            var registration = new CallerFlowRegistration(Client.RegisterNotificationHandler(method, handler), Remove);
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

    private CallerFlowRegistration[] TakeRegistrations()
    {
        lock (_gate)
        {
            CallerFlowRegistration[] registrations = [.. _registrations ?? []];
            _registrations = null;
            return registrations;
        }
    }

    private void ThrowIfGivenBack()
    {
        if (IsGivenBack)
        {
            throw new ObjectDisposedException(
                nameof(McpClientLease),
                $"MCP client '{name}': nothing was sent, since the lease was given back. Rent another with IMcpClientPool.RentAsync, and dispose "
                + "it after the last call.");
        }
    }
}
