using System.Collections;
using ModelContextProtocol;

namespace Gateway;

/// <summary>What a backend's protocol errors are to the gateway's caller.</summary>
internal static class BackendErrors
{
    // What the SDK's client puts in front of a backend's message.
    private const string Remote = "Request failed (remote): ";

    /// <summary>Whether the error is about the gateway's request to the backend. To a caller it would say something about theirs.</summary>
    public static bool AreTheGatewaysOwn(McpProtocolException exception) => exception.ErrorCode
        is McpErrorCode.HeaderMismatch or McpErrorCode.MissingRequiredClientCapability or McpErrorCode.UnsupportedProtocolVersion;

    /// <summary>The error with the code, the message and the data that the backend sent.</summary>
    public static McpProtocolException AsSent(McpProtocolException exception)
    {
        string message = exception.Message.StartsWith(Remote, StringComparison.Ordinal)
            ? exception.Message[Remote.Length..]
            : exception.Message;
        var sent = new McpProtocolException(message, exception, exception.ErrorCode);
        foreach (DictionaryEntry entry in exception.Data)
        {
            sent.Data[entry.Key] = entry.Value;
        }

        return sent;
    }
}
