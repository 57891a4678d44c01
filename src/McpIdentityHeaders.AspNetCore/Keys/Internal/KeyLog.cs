using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The log lines about the keys of issuers.</summary>
internal static partial class KeyLog
{
    [LoggerMessage(51, LogLevel.Error,
        "Authentication scheme '{Scheme}': the issuer's keys could not be fetched from {Address} ({Error}). Assertions by unknown keys are "
        + "refused until they can.")]
    internal static partial void KeysNotFetched(this ILogger logger, string scheme, string address, string error);
}
