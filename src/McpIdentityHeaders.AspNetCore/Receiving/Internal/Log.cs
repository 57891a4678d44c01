using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Every log line of this package. None has a header's value, at any level.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning,
        "Authentication scheme '{Scheme}': identity headers from {Peer} were refused with 401: {Reason}. If it may speak for users, trust "
        + "it in IdentityHeadersOptions; if not, find out why it can reach this backend.")]
    internal static partial void UntrustedPeer(this ILogger logger, string scheme, string peer, string reason);

    [LoggerMessage(2, LogLevel.Warning,
        "Authentication scheme '{Scheme}': identity headers from {Peer}, which is trusted, were refused with 400: {Problem}. Both ends "
        + "need the same headers, formats, encoding and limits, and whatever stands in front has to strip such headers from what "
        + "outsiders send.")]
    internal static partial void MalformedHeaders(this ILogger logger, string scheme, string peer, string problem);

    [LoggerMessage(3, LogLevel.Information, "Authentication scheme '{Scheme}': settings were read again, and are in force.")]
    internal static partial void SettingsChanged(this ILogger logger, string scheme);

    [LoggerMessage(5, LogLevel.Warning,
        "Authentication scheme '{Scheme}': {Refusals} refusals of one kind were not logged, since there were more than 10 a minute. The "
        + "metric mcp.identity.received counts all.")]
    internal static partial void RefusalsLeftOut(this ILogger logger, string scheme, long refusals);

    [LoggerMessage(6, LogLevel.Warning,
        "AddIdentityHeaders or AddIdentityAssertion is registered, and the application's pipeline has no UseAuthentication: no request's "
        + "identity is read, and untrusted ones are not refused. Call UseAuthentication before the endpoints. Where only a branch calls "
        + "it, ignore this line.")]
    internal static partial void AuthenticationMiddlewareMissing(this ILogger logger);

    [LoggerMessage(7, LogLevel.Error,
        "UseIdentityHeaderStripping runs after authentication, which has seen what outsiders claim to be. Call UseIdentityHeaderStripping "
        + "first, then UseRouting, UseAuthentication and UseAuthorization: a WebApplication puts those first unless they are called.")]
    internal static partial void StrippingAfterAuthentication(this ILogger logger);

    [LoggerMessage(8, LogLevel.Error,
        "UseIdentityHeaderStripping runs after routing, so that a forged header can choose the route. Call UseIdentityHeaderStripping "
        + "first, then UseRouting, UseAuthentication and UseAuthorization: a WebApplication puts those first unless they are called.")]
    internal static partial void StrippingAfterRouting(this ILogger logger);

    [LoggerMessage(9, LogLevel.Error,
        "UseIdentityHeaderStripping runs before authentication, and removes what authentication scheme '{Scheme}' reads: the gateway in "
        + "front is anonymous here. Call UseAuthentication first, then UseIdentityHeaderStripping, then UseAuthorization; or give the "
        + "scheme other headers.")]
    internal static partial void StrippingBeforeReceiving(this ILogger logger, string scheme);

    [LoggerMessage(10, LogLevel.Warning, "Authentication scheme '{Scheme}': {Problem}.")]
    internal static partial void MapDoesNotFit(this ILogger logger, string scheme, string problem);

    [LoggerMessage(11, LogLevel.Warning,
        "Authentication scheme '{Scheme}': {Option} is empty, and settings come through the configuration binder (Configure or "
        + "BindConfiguration), which ignores a misspelt name. Pass the section to AddIdentityHeaders, which refuses one. If {Option} is "
        + "meant to be empty, ignore this line.")]
    internal static partial void BinderIgnoresNames(this ILogger logger, string scheme, string option);

    [LoggerMessage(4, LogLevel.Error, "Authentication scheme '{Scheme}': changed settings are invalid. The last valid ones stay in force.")]
    internal static partial void SettingsRefused(this ILogger logger, string scheme, Exception exception);
}
