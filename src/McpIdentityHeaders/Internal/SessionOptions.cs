using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Copies the SDK's options for one session: registered ones are shared by all sessions, and the SDK writes to those it is given.</summary>
internal static class SessionOptions
{
    internal static HttpClientTransportOptions Copy(HttpClientTransportOptions options, Uri endpoint) => new()
    {
        Endpoint = endpoint,
        TransportMode = options.TransportMode,
        Name = options.Name,
        ConnectionTimeout = options.ConnectionTimeout,
        AdditionalHeaders = options.AdditionalHeaders is null ? null : new Dictionary<string, string>(options.AdditionalHeaders),
        KnownSessionId = options.KnownSessionId,
        EnableStandaloneGetStream = options.EnableStandaloneGetStream,
        OwnsSession = options.OwnsSession,
        OAuth = options.OAuth,
        MaxReconnectionAttempts = options.MaxReconnectionAttempts,
        DefaultReconnectionInterval = options.DefaultReconnectionInterval,
    };

    internal static McpClientOptions Copy(McpClientOptions options) => new()
    {
        ClientInfo = options.ClientInfo,
        Capabilities = options.Capabilities,
        InitializeMeta = options.InitializeMeta,
        ProtocolVersion = options.ProtocolVersion,
        InitializationTimeout = options.InitializationTimeout,
        DiscoverProbeTimeout = options.DiscoverProbeTimeout,
        Handlers = options.Handlers,
        TimeProvider = options.TimeProvider,
    };
}
