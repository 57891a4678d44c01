using Microsoft.Extensions.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Proxy;

/// <summary>Puts the handlers of the HttpClient that has the backend's name around the one that YARP made for it.</summary>
internal sealed class IdentityForwarderHttpClientFactory(IServiceProvider services) : ForwarderHttpClientFactory
{
    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler)
    {
        var builder = services.GetRequiredService<HttpMessageHandlerBuilder>();
        builder.Name = context.ClusterId;
        builder.PrimaryHandler = base.WrapHandler(context, handler);
        return builder.Build();
    }
}
