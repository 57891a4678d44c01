using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>The handlers that IHttpClientFactory makes for a client.</summary>
internal static class PipelineTesting
{
    /// <summary>All of them, outermost first, the primary one last.</summary>
    public static IReadOnlyList<HttpMessageHandler> HandlersOf(this IServiceProvider services, string name)
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
}
