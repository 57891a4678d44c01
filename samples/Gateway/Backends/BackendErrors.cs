using System.Collections;
using System.Text.Json;
using McpIdentityHeaders;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>What is said to the client where a backend, or the way to it, fails. What went wrong in detail is for the log.</summary>
internal static class BackendErrors
{
    // What the SDK's client puts in front of a backend's message.
    private const string Remote = "Request failed (remote): ";

    /// <summary>Whether the error is about the gateway's own request. To a client it would say something about its own.</summary>
    public static bool IsAboutTheGateway(McpErrorCode code) =>
        code is McpErrorCode.HeaderMismatch or McpErrorCode.UnsupportedProtocolVersion;

    /// <summary>
    /// Whether reading what was sent failed at its form: a property twice, say, or of another type, or text that is none.
    /// </summary>
    public static bool IsMalformed(Exception exception) =>
        exception is JsonException or ArgumentException or InvalidOperationException or InvalidDataException;

    /// <summary>The error as the backend sent it.</summary>
    public static BackendErrorException AsSent(McpProtocolException exception) => new(new JsonRpcErrorDetail
    {
        Code = (int)exception.ErrorCode,
        Message = exception.Message.StartsWith(Remote, StringComparison.Ordinal) ? exception.Message[Remote.Length..] : exception.Message,
        Data = exception.Data.Count == 0
            ? null
            : exception.Data.Cast<DictionaryEntry>().ToDictionary(entry => entry.Key.ToString()!, entry => entry.Value),
    });

    /// <summary>What a client learns: which backend it is, what kind of fault, and who can mend it.</summary>
    public static BackendUnavailableException Describe(string prefix, Exception exception) => new(
        exception switch
        {
            ClaimInjectionException { Reason: ClaimInjectionErrorReason.NoSubject or ClaimInjectionErrorReason.AmbiguousUser } =>
                $"Your token names no single user, so nothing was sent to the backend '{prefix}'. "
                + "Sign in with one that has a subject (sub).",
            ClaimInjectionException { Reason: ClaimInjectionErrorReason.HeadersTooLong } =>
                $"Your token says more than the backend '{prefix}' can be told, such as too many groups, so nothing was sent. "
                + "Ask your administrator for fewer groups, or for a sign-in that names those of this application only.",
            ClaimInjectionException { Reason: not (ClaimInjectionErrorReason.PoolExhausted or ClaimInjectionErrorReason.SessionsClosed) } =>
                $"The gateway cannot tell the backend '{prefix}' who you are. Its administrator finds the reason in its log.",
            UnansweredQuestionException { Method: var method } =>
                $"The backend '{prefix}' asked something that your client cannot answer ({method}). Use a client that supports it.",
            ResponseTooLargeException { Limit: var limit } =>
                $"The backend '{prefix}' sent a message of more than {limit} bytes, which the gateway does not pass on. "
                + "Ask for less at a time.",
            InvalidDataException =>
                $"The backend '{prefix}' sent a result that cannot be read. Its administrator finds the reason in the gateway's log.",
            HttpRequestException { StatusCode: not null } =>
                $"The backend '{prefix}' is up, but refused the request or failed at it. Its administrator finds the reason in its log.",
            _ => $"The backend '{prefix}' is not available at the moment. Others are not affected.",
        },
        exception);
}
