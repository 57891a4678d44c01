using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>One client as its pool needs it: the settings in force, who is who, and how a session is opened and closed.</summary>
internal sealed class SessionPoolClient : IDisposable
{
    private readonly McpClientFactory _factory;
    private readonly McpClientRegistration _registration;
    private readonly ClaimInjectionClient? _claims;
    private readonly Reloadable<McpClientPoolOptions> _options;
    private readonly McpClientPoolMetrics _metrics;
    private readonly UserTransport _userTransport;
    private readonly ILogger _logger;

    internal SessionPoolClient(IServiceProvider services, McpClientFactory factory, string name)
    {
        Name = name;
        Time = services.GetRequiredService<TimeProvider>();
        _factory = factory;
        _registration = factory.Find(name);
        _claims = services.GetKeyedService<ClaimInjectionClient>(name);
        _metrics = services.GetRequiredService<McpClientPoolMetrics>();
        _logger = services.GetService<ILoggerFactory>()?.CreateLogger(typeof(IMcpClientPool)) ?? NullLogger.Instance;
        _userTransport = new UserTransport(name);
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

    public void Dispose() => _options.Dispose();

    /// <exception cref="InvalidOperationException">Somebody is signed in, and cannot be told from others.</exception>
    internal PoolUser UserOf(ClaimsPrincipal? principal) =>
        TryReadUser(principal, out PoolUser user, out string? refusal)
            ? user
            : throw new InvalidOperationException($"MCP client '{Name}': no session was rented: {refusal}.");

    internal bool TryReadUser(ClaimsPrincipal? principal, out PoolUser user, out string? refusal) =>
        PoolUser.TryRead(principal, _claims?.Plan.SelectIdentity, out user, out refusal);

    internal PooledSession NewSession(PoolUser user, HttpClientTransportOptions transport) =>
        new(user.Key, transport, new McpSession(user.Principal, new SessionOwner(Name, _claims, user.Key)));

    internal async Task OpenAsync(PooledSession session)
    {
        await _factory.ConnectAsync(
            Name,
            session.Transport,
            session.Session,
            copy => _userTransport.Of(session, copy, PoolOptions.TransportOptionsFactory),
            session.OpeningToken).ConfigureAwait(false);
        _metrics.Created(Name);
    }

    /// <summary>Closes a session, and waits for no longer than is allowed.</summary>
    /// <param name="session">The session.</param>
    /// <param name="givenUp">Gives up sooner.</param>
    internal async Task CloseAsync(PooledSession session, CancellationToken givenUp)
    {
        _metrics.Closed(Name, session.RetiredFor!);

        using var timeout = new CancellationTokenSource(PoolOptions.CloseTimeout, Time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, givenUp);

        Task closing = session.Session.CloseAsync(bound.Token);
        await closing.WaitAsync(bound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (bound.IsCancellationRequested)
        {
            _logger.SessionNotClosedInTime(Name);
        }
    }

    internal void Ended() => _logger.SessionEnded(Name);
}
