using Microsoft.Extensions.Http.Logging;

namespace McpIdentityHeaders.Internal;

/// <summary>The handlers that the framework puts behind ours.</summary>
internal static class FrameworkHandlers
{
    /// <summary>
    /// Whether there are no others: none that might send a copy of what it gets through handlers of ours, which would have to find in it whose
    /// it is. What derives from one of the framework's may do anything, and is none.
    /// </summary>
    internal static bool AreAll(HttpMessageHandler? handler)
    {
        while (handler is LoggingHttpMessageHandler logging && logging.GetType() == typeof(LoggingHttpMessageHandler))
        {
            handler = logging.InnerHandler;
        }

        return handler switch
        {
            // What is called back gets the message that it is called for.
            SocketsHttpHandler sockets => sockets is { ConnectCallback: null, PlaintextStreamFilter: null },
            HttpClientHandler client => client.GetType() == typeof(HttpClientHandler) && client.ServerCertificateCustomValidationCallback is null,
            _ => false,
        };
    }
}
