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
    public async Task<McpClient> CreateClientAsync(string name, CancellationToken cancellationToken = default) =>
        (await CreateSessionAsync(name, cancellationToken).ConfigureAwait(false)).Client;

    internal async Task<McpSession> CreateSessionAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);

        McpClientRegistration registration = services.GetKeyedService<McpClientRegistration>(name)
            ?? throw new InvalidOperationException(
                $"No MCP client named '{name}' is registered. Call services.AddMcpClient(\"{name}\", new Uri(\"https://…/mcp\")).");

        HttpClientTransportOptions registered = registration.Transport;
        var session = new McpSession(accessor.User);
        HttpClient httpClient = CreateHttpClient(name, session);

        Uri endpoint = registered.Endpoint ?? httpClient.BaseAddress
            ?? throw new InvalidOperationException(
                $"The MCP client '{name}' has no endpoint. Give it one with services.AddMcpClient(\"{name}\", new Uri(\"https://…/mcp\")) or "
                + $"services.Configure<HttpClientTransportOptions>(\"{name}\", o => o.Endpoint = …), or give its HttpClient a BaseAddress with "
                + "ConfigureHttpClient.");

        session.Client = await ConnectAsync(
            session,
            new HttpClientTransport(CopyOf(registered, endpoint), httpClient, loggerFactory),
            clientOptions.Create(name),
            cancellationToken).ConfigureAwait(false);

        return session;
    }

    /// <summary>Copies the registered options, which all sessions share, for one session. The client's own are made anew for each.</summary>
    internal static HttpClientTransportOptions CopyOf(HttpClientTransportOptions options, Uri endpoint) => new()
    {
        Endpoint = endpoint,
        TransportMode = options.TransportMode,
        Name = options.Name,
        ConnectionTimeout = options.ConnectionTimeout,
        AdditionalHeaders = options.AdditionalHeaders is null ? null : CopyOf(options.AdditionalHeaders),
        KnownSessionId = options.KnownSessionId,
        EnableStandaloneGetStream = options.EnableStandaloneGetStream,
        OwnsSession = options.OwnsSession,
        OAuth = options.OAuth,
        MaxReconnectionAttempts = options.MaxReconnectionAttempts,
        DefaultReconnectionInterval = options.DefaultReconnectionInterval,
    };

    /// <summary>Copies headers, whose names differ in more than case: two spellings of one would go out as two values.</summary>
    internal static Dictionary<string, string> CopyOf(IDictionary<string, string> headers)
    {
        var copy = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in headers)
        {
            copy[name] = value;
        }

        return copy;
    }

    /// <summary>Connects in a flow of the session's own, in which its message loop and streams then run for as long as it lives.</summary>
    private async Task<McpClient> ConnectAsync(
        McpSession session, HttpClientTransport transport, McpClientOptions options, CancellationToken cancellationToken)
    {
        IdentityScope.EnterSession(session);
        return await McpClient.CreateAsync(transport, options, loggerFactory, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Does what IHttpClientFactory.CreateClient does, with the session in front of the pooled handlers.</summary>
    private HttpClient CreateHttpClient(string name, McpSession session)
    {
        // Never disposed: it owns nothing, since the handlers are the factory's, and it lives as long as the session that uses it.
        var client = new HttpClient(new McpSessionHandler(session, handlers.CreateHandler(name)), disposeHandler: false);

        foreach (Action<HttpClient> configure in httpOptions.Get(name).HttpClientActions)
        {
            configure(client);
        }

        return client;
    }
}
