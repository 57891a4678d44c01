using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.Internal;

/// <summary>A configuration section that an MCP client's settings come from.</summary>
internal sealed class McpClientSection(IConfigurationSection section)
{
    internal string EndpointPath => ConfigurationPath.Combine(section.Path, "Endpoint");

    /// <summary>Gets whether it has an endpoint, valid or not.</summary>
    internal bool HasEndpoint => section.GetSection("Endpoint").Exists();
}
