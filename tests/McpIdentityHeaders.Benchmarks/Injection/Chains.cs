using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>The identity handlers in front of a primary handler, as a container makes them, with the default accessor.</summary>
internal static class Chains
{
    private static readonly IIdentityAccessor Accessor = new AmbientIdentityAccessor();

    public static HttpMessageInvoker PassThrough(HttpMessageHandler primary) => new(new PassThrough { InnerHandler = primary });

    public static HttpMessageInvoker ClaimInjection(HttpMessageHandler primary, params ClaimHeader[] more) =>
        new(new ClaimInjectionHandler(Accessor, NewState(more)) { InnerHandler = primary });

    public static HttpMessageInvoker WholeChain(HttpMessageHandler primary, params ClaimHeader[] more) => new(Block(primary, more));

    /// <summary>The block that AddClaimInjection adds.</summary>
    public static HttpMessageHandler Block(HttpMessageHandler primary, params ClaimHeader[] more) => Block(primary, NewState(more));

    public static HttpMessageHandler Block(HttpMessageHandler behind, ClaimInjectionState state) =>
        new SameOriginRedirectHandler(() => state.Plan.MaxRedirections)
        {
            InnerHandler = new IdentityHandler(Accessor)
            {
                IsRightBeforeInjection = true,
                InnerHandler = new ClaimInjectionHandler(Accessor, state) { InnerHandler = behind },
            },
        };

    /// <summary>Sends as an MCP session of that user, which marks each request as the session's.</summary>
    public static HttpMessageInvoker OnSession(ClaimsPrincipal? user, HttpMessageHandler pooled) =>
        new(new McpSessionHandler(new McpSession(user, claims: null), Accessor, pooled));

    /// <summary>A client of a container, with its metrics, its logger and settings that can be reloaded.</summary>
    private static ClaimInjectionState NewState(ClaimHeader[] more)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("benchmark", McpPost.Endpoint).AddClaimInjection(options => Array.ForEach(more, options.Headers.Add));
        return services.BuildServiceProvider().GetRequiredKeyedService<ClaimInjectionState>("benchmark");
    }
}
