using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>One client as its pool needs it: the settings in force, who is who, and how a session is opened and closed.</summary>
internal sealed class SessionConnector : IDisposable
{
    private readonly McpClientFactory _factory;
    private readonly McpClientRegistration _registration;
    private readonly ClaimInjectionClient? _claims;
    private readonly Reloadable<McpClientPoolOptions> _options;
    private readonly McpClientPoolMetrics _metrics;
    private readonly UserTransport _userTransport;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _givenUp = new();
    private readonly CloseDeadline _closeBound;

    internal SessionConnector(IServiceProvider services, McpClientFactory factory, McpClientPoolMetrics metrics, string name)
    {
        Name = name;
        Time = services.GetRequiredService<TimeProvider>();
        _factory = factory;
        _registration = factory.Find(name);
        _claims = services.GetKeyedService<ClaimInjectionClient>(name);
        _metrics = metrics;
        _logger = services.GetService<ILoggerFactory>()?.CreateLogger(typeof(IMcpClientPool)) ?? NullLogger.Instance;
        _userTransport = new UserTransport(name);
        _closeBound = new CloseDeadline(() => PoolOptions.CloseTimeout, Time, _givenUp.Token);
        _options = new Reloadable<McpClientPoolOptions>(
            _ => services.GetRequiredService<IOptionsFactory<McpClientPoolOptions>>().Create(name),
            OptionsChanges.Of<McpClientPoolOptions>(services, name),
            changed: () =>
            {
                _logger.SettingsChanged(name);
                PoolOptionsChanged?.Invoke();
            },
            refused: exception => _logger.SettingsRefused(name, exception));
    }

    internal string Name { get; }

    internal TimeProvider Time { get; }

    internal McpClientPoolOptions PoolOptions => _options.Value;

    /// <summary>Gets or sets what is to be done when other pool options are in force.</summary>
    internal Action? PoolOptionsChanged { get; set; }

    /// <summary>Gets the transport options in force.</summary>
    internal HttpClientTransportOptions Transport => _registration.Transport;

    // Not what gives up, which has no timer, and may be used while the host stops beside this.
    public void Dispose() => _options.Dispose();

    /// <exception cref="InvalidOperationException">Somebody is signed in, and cannot be told from others.</exception>
    internal SessionUser UserOf(ClaimsPrincipal? principal) =>
        SessionUser.TryRead(principal, _claims?.Plan.SelectIdentity, out SessionUser user, out string? refusal)
            ? user
            : throw new InvalidOperationException($"MCP client '{Name}': no session was rented: {refusal}.");

    /// <summary>Gives the keys of whoever a principal may have rented as: where it is several users now, each of them.</summary>
    internal HashSet<UserKey> KeysOf(ClaimsPrincipal principal) =>
        SessionUser.TryRead(principal, _claims?.Plan.SelectIdentity, out SessionUser user, out _) && user.Key is { } key
            ? [key]
            : [.. principal.Identities.Where(identity => identity.IsAuthenticated).Select(UserKey.Of).OfType<UserKey>()];

    internal PooledSession NewSession(SessionUser user, HttpClientTransportOptions transport) =>
        new(user, transport, new SessionOwner(Name, _claims, user.Key), _closeBound);

    /// <summary>Opens a session. Where it is retired meanwhile, hangs up as soon as the backend can be told to close it, or after a while.</summary>
    internal async Task OpenAsync(PooledSession session)
    {
        using var hangUp = new CancellationTokenSource();
        Task connecting = ConnectAsync(session, hangUp.Token);
        if (await Task.WhenAny(connecting, session.Opened).ConfigureAwait(false) != connecting)
        {
            await _closeBound.WaitAsync(Task.WhenAny(connecting, session.Session.Known)).ConfigureAwait(false);
            await hangUp.CancelAsync().ConfigureAwait(false);
        }

        await connecting.ConfigureAwait(false);
        _metrics.Created(Name);
    }

    /// <summary>Asks the backend whether it knows a session. One that does not say so soon does not.</summary>
    internal Task<bool> IsAliveAsync(PooledSession session, CancellationToken cancellationToken) =>
        _closeBound.RunAsync(session.Session.IsAliveAsync, cancellationToken);

    /// <summary>Closes a session, and waits for no longer than is allowed.</summary>
    internal async Task CloseAsync(PooledSession session)
    {
        bool isInTime = false;
        try
        {
            await session.CancelCallsAsync().ConfigureAwait(false);
            isInTime = await _closeBound.WaitAsync(session.Session.CloseAsync()).ConfigureAwait(false);
        }
        finally
        {
            Tell(session.RetiredFor!, isInTime);
        }
    }

    /// <summary>Waits for sessions to be closed for as long as one may take, or less, and then gives up what is left.</summary>
    internal async Task WaitAndGiveUpAsync(Task closing, CancellationToken cancellationToken)
    {
        await _closeBound.WaitAsync(closing.WaitAsync(cancellationToken)).ConfigureAwait(false);
        await _givenUp.CancelAsync().ConfigureAwait(false);
    }

    private async Task ConnectAsync(PooledSession session, CancellationToken cancellationToken)
    {
        Func<ClaimsPrincipal, HttpClientTransportOptions, HttpClientTransportOptions>? factory = PoolOptions.TransportOptionsFactory;
        await _factory.ConnectAsync(
            Name, session.Transport, session.Session, copy => _userTransport.Of(session, copy, factory), cancellationToken).ConfigureAwait(false);

        // What a factory made for one user stays that user's, whatever the options have come to say.
        session.Session.IsStateless &= factory is null;
    }

    private void Tell(string reason, bool isInTime)
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
