namespace McpIdentityHeaders.Internal;

/// <summary>The name of an MCP client, registered for each: a container does not list its keyed services.</summary>
internal sealed record McpClientName(string Value);
