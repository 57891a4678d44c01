using System.Collections.Concurrent;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The pools of all clients, each made when it is first rented from.</summary>
internal sealed class McpClientPool : IMcpClientPool, IAsyncDisposable, IDisposable
{
    private readonly IServiceProvider _services;
    private readonly McpClientFactory _factory;
    private readonly IIdentityAccessor _accessor;
    private readonly McpClientPoolMetrics _metrics;
    private readonly ConcurrentDictionary<string, SessionPool> _pools = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();
    private volatile bool _isShutDown;
    private int _isDisposed;

    // The metrics are made before the pool, and thus disposed after it: what it closes then is still counted.
    public McpClientPool(
        IServiceProvider services,
        McpClientFactory factory,
        IIdentityAccessor accessor,
        McpClientPoolMetrics metrics,
        McpClientPoolShutdown shutdown)
    {
        _services = services;
        _factory = factory;
        _accessor = accessor;
        _metrics = metrics;
        shutdown.Pool = this;
    }

    public ValueTask<McpClientLease> RentAsync(string name, CancellationToken cancellationToken = default)
    {
        try
        {
            return PoolOf(name).RentAsync(_accessor.User, cancellationToken);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<McpClientLease>(exception);
        }
    }

    public Task CloseAsync(ClaimsPrincipal user, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(user);

        if (!user.Identities.Any(identity => identity.IsAuthenticated && UserIdentities.SubjectOf(identity) is not null))
        {
            throw new ArgumentException(
                "No session was closed: the principal has no authenticated identity with a subject. Pass the user as it was when it rented.",
                nameof(user));
        }

        return Task.WhenAll(_pools.Values.Select(pool => pool.CloseAsync(user))).WaitAsync(cancellationToken);
    }

    /// <summary>Closes all sessions at once, and waits for no backend longer than is allowed.</summary>
    internal async Task ShutDownAsync(CancellationToken cancellationToken)
    {
        lock (_adding)
        {
            _isShutDown = true;
        }

        await Task.WhenAll(_pools.Values.Select(pool => pool.ShutDownAsync(cancellationToken))).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        // A container disposes it once for each service that it is.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await ShutDownAsync(CancellationToken.None).ConfigureAwait(false);
        foreach (SessionPool pool in _pools.Values)
        {
            pool.Dispose();
        }
    }

    // A container that is disposed synchronously has nothing else to call. On a flow of its own, since the caller's thread is blocked.
    public void Dispose() => ExecutionFlow.RunWithoutFlow(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    private SessionPool PoolOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ObjectDisposedException.ThrowIf(_isShutDown, typeof(IMcpClientPool));

        return _pools.TryGetValue(name, out SessionPool? pool) ? pool : AddPool(name);
    }

    private SessionPool AddPool(string name)
    {
        // Made outside the lock: it asks for other people's code. One that another thread has added meanwhile is used in its place.
        var added = new SessionPool(new SessionConnector(_services, _factory, _metrics, name));
        lock (_adding)
        {
            if (!_isShutDown && _pools.TryAdd(name, added))
            {
                return added;
            }
        }

        added.Dispose();
        ObjectDisposedException.ThrowIf(_isShutDown, typeof(IMcpClientPool));
        return _pools[name];
    }
}
