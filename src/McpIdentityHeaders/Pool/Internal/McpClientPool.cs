using System.Collections.Concurrent;
using System.Security.Claims;
using Microsoft.Extensions.AI;

namespace McpIdentityHeaders.Internal;

/// <summary>The pools of all clients, each created at its first rent.</summary>
internal sealed class McpClientPool : IMcpClientPool, IAsyncDisposable, IDisposable
{
    private readonly IServiceProvider _services;
    private readonly McpClientFactory _factory;
    private readonly IIdentityAccessor _accessor;
    private readonly McpClientPoolMetrics _metrics;
    private readonly IToolLists _tools;
    private readonly ConcurrentDictionary<string, SessionPool> _pools = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();
    private volatile bool _isShutDown;
    private int _isDisposed;

    // The container creates the metrics first and so disposes them last: they still count what disposal closes.
    public McpClientPool(
        IServiceProvider services,
        McpClientFactory factory,
        IIdentityAccessor accessor,
        McpClientPoolMetrics metrics,
        IToolLists tools,
        McpClientPoolShutdown shutdown)
    {
        _services = services;
        _factory = factory;
        _accessor = accessor;
        _metrics = metrics;
        _tools = tools;
        shutdown.Pool = this;
    }

    public async ValueTask<McpClientLease> RentAsync(string name, CancellationToken cancellationToken = default) =>
        await GetPool(name).RentAsync(_accessor.User, cancellationToken).ConfigureAwait(false);

    public async ValueTask<McpClientLease> RentAsync(string name, ClaimsPrincipal? user, CancellationToken cancellationToken = default) =>
        await GetPool(name).RentAsync(user ?? new ClaimsPrincipal(), cancellationToken).ConfigureAwait(false);

    public ValueTask<IReadOnlyList<AIFunction>> ListAIToolsAsync(string name, CancellationToken cancellationToken = default) =>
        _tools.GetAsync(this, GetPool(name), _accessor.User, cancellationToken);

    public Task CloseAsync(ClaimsPrincipal user, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(user);

        if (UserSelector.Default.ReadKeys(user).Count == 0 && !_pools.Values.Any(pool => pool.HasSubject(user)))
        {
            throw new ArgumentException(
                "No session was closed: the principal has no authenticated identity with a subject. Pass the user as it was when it "
                + "rented.",
                nameof(user));
        }

        foreach ((string name, SessionPool pool) in _pools)
        {
            _tools.Remove(name, pool.ReadKeysForClosing(user));
        }

        return Task.WhenAll(_pools.Values.Select(pool => pool.CloseAsync(user))).WaitAsync(cancellationToken);
    }

    /// <summary>Gets how far the bounds are used up, of each client that was rented.</summary>
    internal IReadOnlyList<PoolUsage> GetUsage() => [.. _pools.Values.Select(pool => pool.FindUsage()).OfType<PoolUsage>()];

    /// <summary>Closes all sessions at once, and waits for each backend until its deadline.</summary>
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
        // A container disposes it once for each service type that it is registered as.
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

    // Synchronous disposal blocks the caller's thread: run in a flow of its own, to avoid a deadlock.
    public void Dispose() => ExecutionFlow.RunWithoutFlow(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    private SessionPool GetPool(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ObjectDisposedException.ThrowIf(_isShutDown, typeof(IMcpClientPool));

        return _pools.TryGetValue(name, out SessionPool? pool) ? pool : AddPool(name);
    }

    private SessionPool AddPool(string name)
    {
        // Created outside the lock, since it runs user code: another thread's pool may win.
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
