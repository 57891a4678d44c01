using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>One client that AddMcpClient registered, with the transport options in force.</summary>
internal sealed class McpClientRegistration(Reloadable<HttpClientTransportOptions> transport) : IDisposable
{
    internal HttpClientTransportOptions Transport => transport.Value;

    public void Dispose() => transport.Dispose();
}
