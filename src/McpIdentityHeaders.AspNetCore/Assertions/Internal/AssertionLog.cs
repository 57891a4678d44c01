using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The log lines about received assertions. None has a claim's value, or a token.</summary>
internal static partial class AssertionLog
{
    [LoggerMessage(50, LogLevel.Warning,
        "Authentication scheme '{Scheme}': an identity assertion from {Peer} was refused with 401: {Reason}.")]
    internal static partial void AssertionRefused(this ILogger logger, string scheme, string peer, string reason);
}
