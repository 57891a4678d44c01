using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>The clients and handlers that IHttpClientFactory makes.</summary>
internal static class PipelineTesting
{
    public static HttpClient CreateHttpClient(this IServiceProvider services, string name = WiredClient.Name) =>
        services.GetRequiredService<IHttpClientFactory>().CreateClient(name);

    /// <summary>All handlers of a client, outermost first, the primary one last.</summary>
    public static List<HttpMessageHandler> HandlersOf(this IServiceProvider services, string name = WiredClient.Name)
    {
        List<HttpMessageHandler> handlers = [];
        HttpMessageHandler? handler = services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(name);
        while (handler is not null)
        {
            handlers.Add(handler);
            handler = (handler as DelegatingHandler)?.InnerHandler;
        }

        return handlers;
    }

    public static Type[] IdentityHandlersIn(this List<HttpMessageHandler> handlers) =>
        [.. handlers.Select(handler => handler.GetType()).Where(type => type.Assembly == typeof(ClaimInjectionHandler).Assembly)];

    /// <summary>Collects logs of all levels.</summary>
    public static IServiceCollection AddTraceLogging(this IServiceCollection services, FakeLogCollector logs) =>
        services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(logs)).SetMinimumLevel(LogLevel.Trace));
}
