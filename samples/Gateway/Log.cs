namespace Gateway;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The backend '{Prefix}' did not list its tools", EventName = "ToolsNotListed")]
    public static partial void ToolsNotListed(ILogger logger, string prefix, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "A call to the backend '{Prefix}' failed", EventName = "BackendFailed")]
    public static partial void BackendFailed(ILogger logger, string prefix, Exception exception);
}
