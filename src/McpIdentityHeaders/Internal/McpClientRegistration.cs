using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>One client that AddMcpClient registered, with the transport options in force.</summary>
internal sealed class McpClientRegistration(IServiceProvider services, string name, Reloadable<HttpClientTransportOptions> transport) : IDisposable
{
    /// <summary>Gets the options. With claim injection they are those of its plan, since both change as one.</summary>
    internal HttpClientTransportOptions Transport =>
        services.GetKeyedService<ClaimInjectionClient>(name)?.Plan.Transport ?? transport.Value;

    public void Dispose() => transport.Dispose();
}
