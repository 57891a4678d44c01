using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>Our handlers in front of a primary handler, as a container makes them, with the default accessor: the user of the flow of execution.</summary>
internal static class Chains
{
    private static readonly IIdentityAccessor Accessor = new AmbientIdentityAccessor();

    public static HttpMessageInvoker PassThrough(HttpMessageHandler primary) => new(new PassThrough { InnerHandler = primary });

    public static HttpMessageInvoker ClaimInjection(HttpMessageHandler primary, params ClaimHeader[] more) =>
        new(new ClaimInjectionHandler(Accessor, Client(more)) { InnerHandler = primary });

    /// <summary>The block that AddClaimInjection puts in.</summary>
    public static HttpMessageInvoker WholeChain(HttpMessageHandler primary, params ClaimHeader[] more)
    {
        ClaimInjectionClient client = Client(more);
        return new HttpMessageInvoker(new SameOriginRedirectHandler(client)
        {
            InnerHandler = new IdentityHandler(Accessor) { InnerHandler = new ClaimInjectionHandler(Accessor, client) { InnerHandler = primary } },
        });
    }

    /// <summary>A client of a container, with its metrics, its logger and settings that can be reloaded.</summary>
    private static ClaimInjectionClient Client(ClaimHeader[] more)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("benchmark", McpPost.Endpoint).AddClaimInjection(options => Array.ForEach(more, options.Headers.Add));
        return services.BuildServiceProvider().GetRequiredKeyedService<ClaimInjectionClient>("benchmark");
    }
}
