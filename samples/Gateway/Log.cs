namespace Gateway;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "A request to the backend '{Prefix}' failed", EventName = "BackendFailed")]
    public static partial void BackendFailed(ILogger logger, string prefix, Exception exception);

    [LoggerMessage(
        2,
        LogLevel.Error,
        "The backend '{Prefix}' has more than {Pages} pages of {Method}, or more than {Bytes} bytes: the rest is left out. "
        + "If that is meant, raise Limits:ListPages or Limits:ResponseBytes",
        EventName = "ListCutShort")]
    public static partial void ListCutShort(ILogger logger, string prefix, string method, int pages, int bytes);

    [LoggerMessage(3, LogLevel.Information, "A token was refused", EventName = "TokenRefused")]
    public static partial void TokenRefused(ILogger logger, Exception exception);

    [LoggerMessage(
        4,
        LogLevel.Warning,
        "The backend '{Prefix}' lists what is no {Kind} of the protocol: it is left out",
        EventName = "ItemLeftOut")]
    public static partial void ItemLeftOut(ILogger logger, string prefix, string kind, Exception exception);

    [LoggerMessage(5, LogLevel.Information, "A request was refused that is not of the protocol's form", EventName = "RequestMalformed")]
    public static partial void RequestMalformed(ILogger logger, Exception exception);
}
