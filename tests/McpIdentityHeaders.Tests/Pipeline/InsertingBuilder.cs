using Microsoft.Extensions.Http;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>Another library's builder of pipelines, which puts a handler in front of the last one as it builds.</summary>
internal sealed class InsertingBuilder(DelegatingHandler handler) : HttpMessageHandlerBuilder
{
    public override string? Name { get; set; }

    public override HttpMessageHandler PrimaryHandler { get; set; } = new SocketsHttpHandler();

    public override IList<DelegatingHandler> AdditionalHandlers { get; } = [];

    public override HttpMessageHandler Build()
    {
        AdditionalHandlers.Insert(AdditionalHandlers.Count - 1, handler);
        return CreateHandlerPipeline(PrimaryHandler, AdditionalHandlers);
    }
}
