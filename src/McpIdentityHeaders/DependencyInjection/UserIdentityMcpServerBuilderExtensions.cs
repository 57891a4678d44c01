using McpIdentityHeaders;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Server;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes an MCP server's callers the users of what it calls.</summary>
public static class UserIdentityMcpServerBuilderExtensions
{
    /// <summary>
    /// Makes each incoming message's own <see cref="MessageContext.User"/> the <see cref="AmbientIdentity.User"/> while it is handled, and
    /// anonymous where it has none: in tools, prompts, resources, completions and notification handlers, and in filters.
    /// </summary>
    /// <param name="builder">The MCP server's builder.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// It stands outermost among the message filters, wherever it is called, and looks at the message whenever the user is asked for: a
    /// filter that sets <see cref="MessageContext.User"/>, as a server over stdio needs one, counts from then on. Over HTTP the user is the
    /// request's that brought the message, not that of the request which opened the session. Calling it again changes nothing.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is <see langword="null"/>.</exception>
    public static IMcpServerBuilder WithUserIdentity(this IMcpServerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<McpServerOptions>, UserIdentityFilter>());
        return builder;
    }
}
