using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Http.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Behind whom nobody is left who could send a copy of a request.</summary>
public sealed class FrameworkHandlersTests
{
    public static TheoryData<bool, string> Handlers => new()
    {
        { true, nameof(SocketsHttpHandler) },
        { true, nameof(HttpClientHandler) },
        { true, nameof(LoggingHttpMessageHandler) },
        { false, nameof(DerivedClient) },
        { false, nameof(DerivedLogging) },
        { false, nameof(WrappingHandler) },
        { false, "logging before a stub" },
        { false, "connect callback" },
        { false, "stream filter" },
        { false, "certificate callback" },
        { false, "none" },
    };

    [Theory, MemberData(nameof(Handlers))]
    public void Only_the_frameworks_own_that_call_nobody_back_are(bool expected, string name)
    {
        using HttpMessageHandler? handler = name switch
        {
            nameof(SocketsHttpHandler) => new SocketsHttpHandler(),
            nameof(HttpClientHandler) => new HttpClientHandler(),
            nameof(LoggingHttpMessageHandler) => new LoggingHttpMessageHandler(NullLogger.Instance) { InnerHandler = new SocketsHttpHandler() },
            nameof(DerivedClient) => new DerivedClient(),
            nameof(DerivedLogging) => new DerivedLogging { InnerHandler = new SocketsHttpHandler() },
            nameof(WrappingHandler) => new WrappingHandler(new SocketsHttpHandler()),
            "logging before a stub" => new LoggingHttpMessageHandler(NullLogger.Instance) { InnerHandler = new RecordingHandler() },
            "connect callback" => new SocketsHttpHandler { ConnectCallback = (_, _) => throw new InvalidOperationException() },
            "stream filter" => new SocketsHttpHandler { PlaintextStreamFilter = (_, _) => throw new InvalidOperationException() },
            "certificate callback" => new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => false },
            _ => null,
        };

        Assert.Equal(expected, FrameworkHandlers.AreAll(handler));
    }

    private sealed class DerivedClient : HttpClientHandler;

    private sealed class DerivedLogging() : LoggingHttpMessageHandler(NullLogger.Instance);
}
