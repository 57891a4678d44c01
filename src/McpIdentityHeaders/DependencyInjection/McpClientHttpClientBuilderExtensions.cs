using McpIdentityHeaders;
using ModelContextProtocol.Client;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Settings of an MCP client beside those of its HttpClient.</summary>
public static class McpClientHttpClientBuilderExtensions
{
    /// <summary>Configures what the SDK's client is made with: its handlers, capabilities and protocol version.</summary>
    /// <param name="builder">The builder that <c>AddMcpClient</c> returned.</param>
    /// <param name="configure">Sets the options, for each session anew.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    public static IHttpClientBuilder ConfigureMcpClientOptions(this IHttpClientBuilder builder, Action<McpClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);

        builder.Services.Configure(builder.Name, configure);
        return builder;
    }

    /// <summary>Configures how the pool keeps this client's sessions.</summary>
    /// <param name="builder">The builder that <c>AddMcpClient</c> returned.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    public static IHttpClientBuilder ConfigurePool(this IHttpClientBuilder builder, Action<McpClientPoolOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);

        builder.Services.Configure(builder.Name, configure);
        return builder;
    }
}
