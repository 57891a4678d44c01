using Microsoft.Extensions.Http;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>Another library's filter, which appends a handler as the innermost.</summary>
internal sealed class AppendingFilter(DelegatingHandler handler) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        builder.AdditionalHandlers.Add(handler);
    };
}
