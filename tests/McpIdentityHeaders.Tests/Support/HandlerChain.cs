using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>The handlers that IHttpClientFactory makes for a client.</summary>
internal static class HandlerChain
{
    public static List<HttpMessageHandler> ChainOf(this IServiceProvider services, string name = WiredClient.Name)
    {
        List<HttpMessageHandler> chain = [];
        HttpMessageHandler? next = services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(name);
        while (next is not null)
        {
            chain.Add(next);
            next = (next as DelegatingHandler)?.InnerHandler;
        }

        return chain;
    }

    public static Type[] IdentityHandlersIn(this List<HttpMessageHandler> chain) =>
        [.. chain.Select(handler => handler.GetType()).Where(type => type.Assembly == typeof(ClaimInjectionHandler).Assembly)];
}
