using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Reads the settings and the user of one client, and opens and closes its sessions.</summary>
internal sealed class SessionConnector : IDisposable
{
    private readonly McpClientFactory _factory;
    private readonly McpClientRegistration _registration;
    private readonly ClaimInjectionState? _claims;
    private readonly McpClientPoolRegistration _options;
    private readonly McpClientPoolMetrics _metrics;
    private readonly UserTransport _userTransport;
    private readonly Lazy<McpClientOptions> _clientOptions;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _givenUp = new();
    private readonly CloseDeadline _closeDeadline;

    internal SessionConnector(IServiceProvider services, McpClientFactory factory, McpClientPoolMetrics metrics, string name)
    {
        Name = name;
        Time = services.GetRequiredService<TimeProvider>();
        Accessor = services.GetRequiredService<IIdentityAccessor>();
        _factory = factory;
        _registration = factory.Find(name);
        _claims = services.GetKeyedService<ClaimInjectionState>(name);
        _metrics = metrics;
        _logger = services.CreateLogger(typeof(IMcpClientPool));
        _userTransport = new UserTransport(name);
        _clientOptions = new Lazy<McpClientOptions>(() => factory.CreateOptions(name), LazyThreadSafetyMode.PublicationOnly);
        _closeDeadline = new CloseDeadline(() => PoolOptions.CloseTimeout, Time, _givenUp.Token);
        _options = services.GetRequiredKeyedService<McpClientPoolRegistration>(name);
        _options.OnIdleTimeoutChange(() => PoolOptionsChanged?.Invoke());
    }

    internal string Name { get; }

    internal TimeProvider Time { get; }

    internal IIdentityAccessor Accessor { get; }

    private UserSelector Users => ClaimInjectionState.UsersOf(_claims);

    internal McpClientPoolOptions PoolOptions => _options.Options;

    /// <summary>Gets or sets the action that runs when changed pool options are in force.</summary>
    internal Action? PoolOptionsChanged { get; set; }

    internal HttpClientTransportOptions Transport => _registration.Transport;

    /// <summary>Gets the SDK's options, read once: what they say of sharing. User code makes them at the first look.</summary>
    internal McpClientOptions ClientOptions => _clientOptions.Value;

    // Leave _givenUp undisposed: it has no timer, and a shutdown of the host may still cancel it.
    public void Dispose() => PoolOptionsChanged = null;

    /// <exception cref="ClaimInjectionException">A signed-in user has no key.</exception>
    internal SessionUser ReadUser(ClaimsPrincipal? principal) =>
        SessionUser.TryRead(principal, Users, PoolOptions.SessionKeyClaimTypes, out SessionUser user, out SessionUserError? error)
            ? user.IssuedBefore(Time.GetUtcNow())
            : throw SessionError.NotRented(Name, error.Reason, error.Message);

    /// <summary>Reads the keys to close that a principal may have rented under: one for each of its users.</summary>
    internal HashSet<UserKey> ReadKeysForClosing(ClaimsPrincipal principal) =>
    [
        .. (SessionUser.TryRead(principal, Users, keyClaimTypes: [], out SessionUser user, out _) && user.Key is { } key
            ? [key]
            : Users.ReadKeys(principal))
            .Select(found => found.ForClosing()),
    ];

    internal bool HasSubject(ClaimsPrincipal principal) => Users.ReadKeys(principal).Count > 0;

    internal SessionOwner CreateOwner(SessionUser user) => new(Name, _claims, user.Key, [.. user.KeyClaimTypes]);

    internal PooledSession CreateSession(SessionUser user, HttpClientTransportOptions transport) =>
        new(user, transport, CreateOwner(user), _closeDeadline);

    /// <summary>Opens a session in a flow of its own, after the probe that it has to wait for, and watches it until it ends.</summary>
    internal void Open(PooledSession session, Task? probe, SessionPool pool) =>
        ExecutionFlow.RunWithoutFlow(() => OpenAsync(session, probe, pool));

    internal void Close(PooledSession session, SessionPool pool) => ExecutionFlow.RunWithoutFlow(() => CloseAsync(session, pool));

    /// <summary>Asks the backend whether it knows a session. No response within the deadline means that it does not.</summary>
    internal Task<bool> IsAliveAsync(PooledSession session, UserKey? user, CancellationToken cancellationToken) =>
        _closeDeadline.RunAsync(token => session.Session.IsAliveAsync(user, token), cancellationToken);

    /// <summary>Waits for sessions to be closed until the deadline or the cancellation, and then gives up what is left.</summary>
    internal async Task WaitAndGiveUpAsync(Task closing, CancellationToken cancellationToken)
    {
        await _closeDeadline.WaitAsync(closing.WaitAsync(cancellationToken)).ConfigureAwait(false);
        await _givenUp.CancelAsync().ConfigureAwait(false);
    }

    private async Task OpenAsync(PooledSession session, Task? probe, SessionPool pool)
    {
        try
        {
            if (probe is not null)
            {
                await Task.WhenAny(probe, session.Opened).ConfigureAwait(false);
                if (!pool.TryStart(session))
                {
                    pool.Remove(session);
                    return;
                }
            }

            await ConnectOrHangUpAsync(session).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            pool.Remove(session, exception);
            return;
        }

        pool.SetConnected(session);

        await ((Task)session.Session.Client.Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        pool.SetEnded(session);
    }

    private async Task CloseAsync(PooledSession session, SessionPool pool)
    {
        try
        {
            await CancelAndCloseAsync(session).ConfigureAwait(false);
        }
        finally
        {
            pool.Remove(session);
        }
    }

    private async Task CancelAndCloseAsync(PooledSession session)
    {
        bool isInTime = false;
        try
        {
            await session.CancelCallsAsync().ConfigureAwait(false);
            isInTime = await _closeDeadline.WaitAsync(session.Session.CloseAsync()).ConfigureAwait(false);
        }
        finally
        {
            ReportClosed(session.RetiredFor!, isInTime);
        }
    }

    /// <summary>Connects. Retired meanwhile, it hangs up once the session id allows a DELETE, or at the deadline.</summary>
    private async Task ConnectOrHangUpAsync(PooledSession session)
    {
        using var hangUp = new CancellationTokenSource();
        Task connecting = ConnectAsync(session, hangUp.Token);
        if (await Task.WhenAny(connecting, session.Opened).ConfigureAwait(false) != connecting)
        {
            await _closeDeadline.WaitAsync(Task.WhenAny(connecting, session.Session.SessionIdReceived)).ConfigureAwait(false);
            await hangUp.CancelAsync().ConfigureAwait(false);
        }

        await connecting.ConfigureAwait(false);
        _metrics.Created(Name);
    }

    private async Task ConnectAsync(PooledSession session, CancellationToken cancellationToken)
    {
        Func<ClaimsPrincipal, HttpClientTransportOptions, HttpClientTransportOptions>? factory = PoolOptions.TransportOptionsFactory;
        await _factory.ConnectAsync(
            Name,
            session.Transport,
            session.Session,
            copy => _userTransport.Create(session.Key, session.Session.User, copy, factory),
            cancellationToken).ConfigureAwait(false);

        // Options that user code made for one user must not serve others, even after a reload.
        session.Session.IsStateless &= factory is null;
    }

    private void ReportClosed(string reason, bool isInTime)
    {
        _metrics.Closed(Name, reason);
        if (reason == CloseReason.Ended)
        {
            _logger.SessionEnded(Name);
        }

        if (!isInTime)
        {
            _logger.SessionNotClosedInTime(Name);
        }
    }
}
