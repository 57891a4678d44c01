using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Copies and compares the SDK's transport options.</summary>
internal static class TransportOptions
{
    /// <summary>Copies the registered options, which all sessions share, for one session.</summary>
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

    /// <summary>Copies headers ignoring case: two spellings of one name would be sent as two values.</summary>
    internal static Dictionary<string, string> CopyOf(IDictionary<string, string> headers)
    {
        var copy = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in headers)
        {
            copy[name] = value;
        }

        return copy;
    }

    /// <summary>Copies OAuth options: user code sets one user's token cache on the copy.</summary>
    internal static ClientOAuthOptions CopyOf(ClientOAuthOptions options) => new()
    {
        RedirectUri = options.RedirectUri,
        ClientId = options.ClientId,
        ClientSecret = options.ClientSecret,
        ClientMetadataDocumentUri = options.ClientMetadataDocumentUri,
        Scopes = options.Scopes,
        ScopeSelector = options.ScopeSelector,
        AuthorizationCallbackHandler = options.AuthorizationCallbackHandler,
#pragma warning disable MCP9007 // Obsolete in the SDK, and still what a program may have set.
        AuthorizationRedirectDelegate = options.AuthorizationRedirectDelegate,
#pragma warning restore MCP9007
        AuthServerSelector = options.AuthServerSelector,
        DynamicClientRegistration = options.DynamicClientRegistration,
        AdditionalAuthorizationParameters = new Dictionary<string, string>(options.AdditionalAuthorizationParameters),
        TokenCache = options.TokenCache,
    };

    /// <summary>Whether both open the same session: an unrelated reload must not close it. OAuth is a new object each time.</summary>
    internal static bool AreSame(HttpClientTransportOptions one, HttpClientTransportOptions other) =>
        one.Endpoint == other.Endpoint
        && one.TransportMode == other.TransportMode
        && one.Name == other.Name
        && one.ConnectionTimeout == other.ConnectionTimeout
        && AreSame(one.AdditionalHeaders, other.AdditionalHeaders)
        && one.EnableStandaloneGetStream == other.EnableStandaloneGetStream
        && one.OwnsSession == other.OwnsSession
        && one.OAuth is null == other.OAuth is null
        && one.MaxReconnectionAttempts == other.MaxReconnectionAttempts
        && one.DefaultReconnectionInterval == other.DefaultReconnectionInterval;

    private static bool AreSame(IDictionary<string, string>? one, IDictionary<string, string>? other) =>
        (one?.Count ?? 0) == (other?.Count ?? 0)
        && (one is null || other is null
            || one.All(header => other.TryGetValue(header.Key, out string? value) && value == header.Value));
}
