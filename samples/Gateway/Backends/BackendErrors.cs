using System.Collections;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>What is said to the client where a backend, or the way to it, fails.</summary>
internal static class BackendErrors
{
    // What the SDK's client puts in front of a backend's message.
    private const string Remote = "Request failed (remote): ";

    /// <summary>Whether the error is about the gateway's own request. To a client it would say something about its own.</summary>
    public static bool IsAboutTheGateway(McpErrorCode code) => code is McpErrorCode.HeaderMismatch or McpErrorCode.UnsupportedProtocolVersion;

    /// <summary>The error as the backend sent it.</summary>
    public static BackendErrorException AsSent(McpProtocolException exception) => new(new JsonRpcErrorDetail
    {
        Code = (int)exception.ErrorCode,
        Message = exception.Message.StartsWith(Remote, StringComparison.Ordinal) ? exception.Message[Remote.Length..] : exception.Message,
        Data = exception.Data.Count == 0
            ? null
            : exception.Data.Cast<DictionaryEntry>().ToDictionary(entry => entry.Key.ToString()!, entry => entry.Value),
    });

    /// <summary>What a client learns of an exception: which backend it is, and what kind of fault. The rest is for the log.</summary>
    public static BackendUnavailableException Describe(string prefix, Exception exception) => new(
        exception switch
        {
            McpIdentityHeaders.ClaimInjectionException =>
                $"The gateway cannot tell the backend '{prefix}' who you are. Its administrator finds the reason in its log.",
            _ => $"The backend '{prefix}' is not available at the moment. Others are not affected.",
        },
        exception);
}
