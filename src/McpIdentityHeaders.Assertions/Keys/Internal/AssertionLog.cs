using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Internal;

/// <summary>The log lines about assertions. None holds a claim's value, a token or a key.</summary>
internal static partial class AssertionLog
{
    [LoggerMessage(50, LogLevel.Warning,
        "HttpClient '{Client}': assertions are signed with a development key, which is lost when the program ends. Add a key of your own "
        + "to IdentityAssertionOptions.Keys before anyone relies on it.")]
    internal static partial void DevelopmentKey(this ILogger logger, string client);

    [LoggerMessage(51, LogLevel.Error, "HttpClient '{Client}': a changed key was not taken, and the last one stays in force: {Error}.")]
    internal static partial void KeyChangeRefused(this ILogger logger, string client, string error);
}
