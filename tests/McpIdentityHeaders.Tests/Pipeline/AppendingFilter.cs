using Microsoft.Extensions.Http;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>Someone else's filter, which puts a handler behind all that are there by then.</summary>
internal sealed class AppendingFilter(DelegatingHandler handler) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        builder.AdditionalHandlers.Add(handler);
    };
}
