using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Tells whether an MCP client has an endpoint, and how to set one.</summary>
internal static class McpEndpoint
{
    /// <summary>Whether the client has no endpoint for certain: only a request may tell the BaseAddress to a ConfigureHttpClient.</summary>
    internal static bool IsMissing(IServiceProvider services, string name, HttpClientTransportOptions transport) =>
        transport.Endpoint is null
        && !services.GetKeyedServices<McpClientSection>(name).Any(section => section.HasEndpoint)
        && ConfiguredBaseAddress.Find(services, name) is { Uri: null, IsComplete: true };

    internal static string DescribeMissing(IServiceProvider services, string name)
    {
        string keys = string.Concat(services.GetKeyedServices<McpClientSection>(name)
            .Select(section => section.EndpointPath)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(path => $"the setting '{path}' in the configuration, "));
        return $"The MCP client '{name}' has no endpoint. Give it one with {keys}"
            + $"services.AddMcpClient(\"{name}\", new Uri(\"https://…/mcp\")) or "
            + $"services.Configure<HttpClientTransportOptions>(\"{name}\", o => o.Endpoint = …), or give its HttpClient a BaseAddress with "
            + "ConfigureHttpClient.";
    }
}
