using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>One client that AddMcpClient registered.</summary>
/// <param name="getTransport">Gives the transport options in force.</param>
internal sealed class McpClientRegistration(Func<HttpClientTransportOptions> getTransport)
{
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The settings are not valid, and never were.</exception>
    internal HttpClientTransportOptions Transport => getTransport();
}
