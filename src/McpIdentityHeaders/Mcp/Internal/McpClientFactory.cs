using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

internal sealed class McpClientFactory(
    IServiceProvider services,
    IHttpMessageHandlerFactory handlers,
    IOptionsMonitor<HttpClientFactoryOptions> httpOptions,
    IOptionsFactory<McpClientOptions> clientOptions,
    IIdentityAccessor accessor,
    ILoggerFactory? loggerFactory = null)
    : IMcpClientFactory
{
    private readonly SessionIds _sessionIds = new();

    public async Task<McpClient> CreateClientAsync(string name, CancellationToken cancellationToken = default) =>
        new CallerFlowClient(await CreateSessionAsync(name, cancellationToken).ConfigureAwait(false), accessor);

    internal async Task<McpSession> CreateSessionAsync(string name, CancellationToken cancellationToken)
    {
        McpClientRegistration registration = Find(name);
        var session = new McpSession(accessor.User, services.GetKeyedService<ClaimInjectionState>(name));
        await ConnectAsync(name, registration.Transport, session, forUser: null, cancellationToken).ConfigureAwait(false);
        return session;
    }

    /// <exception cref="ArgumentException">The name is empty.</exception>
    /// <exception cref="InvalidOperationException">No client of that name is registered.</exception>
    internal McpClientRegistration Find(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);

        return services.GetKeyedService<McpClientRegistration>(name)
            ?? throw new InvalidOperationException(
                $"No MCP client named '{name}' is registered. Call services.AddMcpClient(\"{name}\", new Uri(\"https://…/mcp\")). "
                + DescribeRegistered());
    }

    /// <summary>Creates a client's options anew, by user code: handlers may belong to one session.</summary>
    internal McpClientOptions CreateOptions(string name) => clientOptions.Create(name);

    private string DescribeRegistered()
    {
        string[] names = [.. services.GetServices<McpClientName>().Select(client => $"'{client.Value}'").Order(StringComparer.Ordinal)];
        return names.Length == 0
            ? "No MCP client is registered yet."
            : $"Registered: {string.Join(", ", names)}. The case of a name counts.";
    }

    /// <summary>Connects a session.</summary>
    /// <param name="name">The client's name.</param>
    /// <param name="registered">The transport options that all sessions of the client share.</param>
    /// <param name="session">The session, with its user.</param>
    /// <param name="forUser">Turns a copy of those options into this session's.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    internal async Task ConnectAsync(
        string name,
        HttpClientTransportOptions registered,
        McpSession session,
        Func<HttpClientTransportOptions, HttpClientTransportOptions>? forUser,
        CancellationToken cancellationToken)
    {
        // The application's code that makes the options finds the session's user in IIdentityAccessor.
        IdentityScope.EnterSession(session);
        HttpClient httpClient = CreateHttpClient(name, session);

        Uri endpoint = registered.Endpoint ?? httpClient.BaseAddress
            ?? throw new InvalidOperationException(McpEndpoint.DescribeMissing(services, name));

        HttpClientTransportOptions transport = TransportOptions.CopyOf(registered, endpoint);
        transport = forUser?.Invoke(transport) ?? transport;
        McpClientOptions options = RequestBoundCode.Run(name, session.IsPooled, () => CreateOptions(name));
        session.Endpoint = transport.Endpoint;
        session.ClaimId = id => _sessionIds.Claim(name, session, id);

        try
        {
            IClientTransport connection = CreateTransport(session, transport, httpClient, options.ProtocolVersion);
            session.Client = await ConnectAsync(session, connection, options, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            session.ReleaseId?.Invoke();
            if (session.IsPooled && RequestBoundCode.IsLikelyCause(exception))
            {
                throw RequestBoundCode.CreateError(name, exception);
            }

            throw;
        }

        session.IsStateless = StatelessSession.Is(session, transport, options);
    }

    /// <summary>Connects in the session's own flow: its message loop and streams run in it for the session's lifetime.</summary>
    private async Task<McpClient> ConnectAsync(
        McpSession session, IClientTransport transport, McpClientOptions options, CancellationToken cancellationToken)
    {
        IdentityScope.EnterSession(session);
        return await McpClient.CreateAsync(transport, options, loggerFactory, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Creates the SDK's transport. On a pooled session, the principal of the call that asked answers the server.</summary>
    private IClientTransport CreateTransport(
        McpSession session, HttpClientTransportOptions transport, HttpClient httpClient, string? protocol)
    {
        var http = new HttpClientTransport(transport, httpClient, loggerFactory);
        if (!session.HasOwner)
        {
            return http;
        }

        session.Questions = new ServerQuestions(session, accessor);
        return new AnsweringTransport(
            http, session.Questions, skipsDiscovery: transport.TransportMode == HttpTransportMode.Sse && protocol is null);
    }

    /// <summary>Does what IHttpClientFactory.CreateClient does, with the session's handler before the pooled handlers.</summary>
    private HttpClient CreateHttpClient(string name, McpSession session)
    {
        // Never disposed: the factory owns the handlers, and the client lives as long as its session.
        var claims = services.GetKeyedService<ClaimInjectionState>(name);
        var client = new HttpClient(
            new McpSessionHandler(session, accessor, handlers.CreateHandler(name), name, claims), disposeHandler: false);

        return RequestBoundCode.Run(name, session.IsPooled, () =>
        {
            foreach (Action<HttpClient> configure in httpOptions.Get(name).HttpClientActions)
            {
                configure(client);
            }

            return client;
        });
    }
}
