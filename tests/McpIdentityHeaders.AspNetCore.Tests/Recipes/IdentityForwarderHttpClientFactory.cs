using Yarp.ReverseProxy.Forwarder;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public sealed class IdentityForwarderHttpClientFactory(IIdentityAccessor accessor, ClaimInjectionOptions options)
    : ForwarderHttpClientFactory
{
    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new ClaimInjectionHandler(accessor, options) { InnerHandler = base.WrapHandler(context, handler) };
}
// </snippet>
