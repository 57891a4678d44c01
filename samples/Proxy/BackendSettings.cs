namespace Proxy;

/// <summary>A backend: <c>Backends:&lt;name&gt;</c>, which is reached at <c>/&lt;name&gt;/mcp</c>.</summary>
/// <param name="Name">Its name, which is part of its path.</param>
/// <param name="Endpoint">Where its MCP endpoint is.</param>
/// <param name="Identity">What it alone is told: its secret, and further headers. May be missing.</param>
internal sealed record BackendSettings(string Name, Uri Endpoint, IConfigurationSection Identity)
{
    /// <summary>Gets the endpoint's origin.</summary>
    public string Address => Endpoint.GetLeftPart(UriPartial.Authority);
}
