using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Internal;

/// <summary>Every log line of the library. None holds a claim's value, at any level: names, origins and outcomes only.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "HttpClient '{Client}': identity headers set for {Origin}.")]
    internal static partial void HeadersInjected(this ILogger logger, string client, Origin origin);

    [LoggerMessage(2, LogLevel.Warning,
        "HttpClient '{Client}': no identity headers are sent to {Origin}, which is not a trusted origin. If it is meant to have them, add "
        + "it to ClaimInjectionOptions.TrustedOrigins. This is logged once for each origin.")]
    internal static partial void UntrustedOrigin(this ILogger logger, string client, Origin origin);

    [LoggerMessage(4, LogLevel.Warning,
        "HttpClient '{Client}': identity headers are sent to {Origin} over plain http{Route}. Use https, and set "
        + "ClaimInjectionOptions.RequireHttps to refuse anything else. This is logged once for each origin.")]
    internal static partial void PlainHttp(this ILogger logger, string client, Origin origin, string route);

    [LoggerMessage(5, LogLevel.Warning,
        "HttpClient '{Client}': a redirect from {Origin} to {Target} was not followed, since an identity never leaves its origin by one. "
        + "The caller got the response as it came.")]
    internal static partial void RedirectWithIdentityRefused(this ILogger logger, string client, Origin origin, Origin target);

    [LoggerMessage(6, LogLevel.Warning,
        "HttpClient '{Client}': a redirect from {Origin} to the trusted origin {Target} was not followed, since another origin must not "
        + "choose what is sent there. The caller got the response as it came.")]
    internal static partial void RedirectIntoTrustedOriginRefused(this ILogger logger, string client, Origin origin, Origin target);

    [LoggerMessage(7, LogLevel.Debug,
        "HttpClient '{Client}': a redirect was not followed, since the request's content may not be sent a second time.")]
    internal static partial void RedirectWithContentNotFollowed(this ILogger logger, string client);

    [LoggerMessage(8, LogLevel.Warning,
        "HttpClient '{Client}': header '{Header}' is left out, since it would be longer than MaxHeaderValueLength or MaxTotalLength "
        + "allows.")]
    internal static partial void OversizedHeaderOmitted(this ILogger logger, string client, string header);

    [LoggerMessage(9, LogLevel.Warning,
        "HttpClient '{Client}': the primary handler {Handler} is unknown, and left as it is. Make sure that it follows no redirects and "
        + "keeps no cookies: both would carry one user's identity elsewhere.")]
    internal static partial void UnknownPrimaryHandler(this ILogger logger, string client, string? handler);

    [LoggerMessage(10, LogLevel.Information,
        "HttpClient '{Client}': the primary handler keeps connections without limit, and an MCP session that lives for long will not see "
        + "changes in DNS. Use a SocketsHttpHandler, and set its PooledConnectionLifetime where it is made.")]
    internal static partial void ConnectionLifetimeUnlimited(this ILogger logger, string client);

    [LoggerMessage(11, LogLevel.Information, "Client '{Client}': settings were read again, and are in force.")]
    internal static partial void SettingsChanged(this ILogger logger, string client);

    [LoggerMessage(12, LogLevel.Error, "Client '{Client}': changed settings are invalid. The last valid ones stay in force.")]
    internal static partial void SettingsRefused(this ILogger logger, string client, Exception exception);

    [LoggerMessage(13, LogLevel.Information,
        "MCP client '{Client}': the backend ended a session. The next rent opens another.")]
    internal static partial void SessionEnded(this ILogger logger, string client);

    [LoggerMessage(14, LogLevel.Warning,
        "MCP client '{Client}': closing a session took longer than McpClientPoolOptions.CloseTimeout, or than the shutdown allowed, and "
        + "was given up. The backend may keep the session until it times out there.")]
    internal static partial void SessionNotClosedInTime(this ILogger logger, string client);

    [LoggerMessage(15, LogLevel.Debug,
        "HttpClient '{Client}': no identity headers are set, since the user is unknown: no scope, accessor or session knows one.")]
    internal static partial void UnknownUser(this ILogger logger, string client);

    [LoggerMessage(16, LogLevel.Debug, "HttpClient '{Client}': no identity headers are set, since the user is anonymous.")]
    internal static partial void AnonymousUser(this ILogger logger, string client);

    [LoggerMessage(17, LogLevel.Debug,
        "HttpClient '{Client}': no identity headers are set, since no identity of the principal is authenticated, though it has claims. "
        + "Give it an authentication type: new ClaimsIdentity(claims, \"…\").")]
    internal static partial void UnauthenticatedUser(this ILogger logger, string client);

    [LoggerMessage(18, LogLevel.Debug,
        "HttpClient '{Client}': no identity headers are set, since {Origin} is not a trusted origin.")]
    internal static partial void OriginNotTrusted(this ILogger logger, string client, Origin origin);

    [LoggerMessage(19, LogLevel.Debug,
        "HttpClient '{Client}': no identity headers are set, since the user has no claim for any of them: {Headers}. The principal has "
        + "claims of the types {ClaimTypes}.")]
    internal static partial void NoClaims(this ILogger logger, string client, string headers, string claimTypes);

    [LoggerMessage(33, LogLevel.Debug,
        "HttpClient '{Client}': the header '{Header}' is not set, since the user has no claim '{ClaimType}'. The principal has one of the "
        + "type '{RenamedTo}' instead: inbound claim mapping has renamed it. Set MapInboundClaims = false on the JWT handler, or name that "
        + "type too.")]
    internal static partial void ClaimRenamed(this ILogger logger, string client, string header, string claimType, string renamedTo);

    [LoggerMessage(20, LogLevel.Debug,
        "MCP client '{Client}': the user of a call is unknown, and the user that opened its session stands in.")]
    internal static partial void SessionUserStandsIn(this ILogger logger, string client);

    [LoggerMessage(21, LogLevel.Information, "HttpClient '{Client}': sends {Headers} to {Origins}.")]
    internal static partial void ClientStarted(this ILogger logger, string client, string headers, string origins);

    [LoggerMessage(30, LogLevel.Warning,
        "HttpClient '{Client}': {Lines} lines like the next were not logged, since there were more than 10 a minute.")]
    internal static partial void LinesLeftOut(this ILogger logger, string client, long lines);

    [LoggerMessage(31, LogLevel.Information,
        "HttpClient '{Client}': the primary handler's UseCookies is overruled and off, since it serves all users, and would send one "
        + "user's cookies with another's request. Set UseCookies = false where it is made, and send a cookie that a request needs as its "
        + "Cookie header.")]
    internal static partial void CookiesOverruled(this ILogger logger, string client);

    [LoggerMessage(32, LogLevel.Warning,
        "HttpClient '{Client}': a redirect from {Origin} to {Target} was not followed, since an MCP session's id and API keys never leave "
        + "its endpoint's origin by one. The caller got the response as it came. If the backend has moved, change the client's endpoint.")]
    internal static partial void RedirectOfSessionRefused(this ILogger logger, string client, Origin origin, Origin target);

    [LoggerMessage(34, LogLevel.Debug,
        "HttpClient '{Client}': a ConfigureHttpClient threw a {Exception} when it was asked for the BaseAddress before any request. What "
        + "it sets is unknown to this library.")]
    internal static partial void BaseAddressUnknown(this ILogger logger, string client, string exception);

    [LoggerMessage(35, LogLevel.Warning,
        "HttpClient '{Client}': UserActivityTag is set, and the primary handler {Handler} shows no activity that could be tagged. Use a "
        + "SocketsHttpHandler that has sent no request yet, with an ActivityHeadersPropagator.")]
    internal static partial void ActivitiesNotTagged(this ILogger logger, string client, string? handler);
}
