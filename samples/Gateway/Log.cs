namespace Gateway;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "A request to the backend '{Prefix}' failed", EventName = "BackendFailed")]
    public static partial void BackendFailed(ILogger logger, string prefix, Exception exception);
}
