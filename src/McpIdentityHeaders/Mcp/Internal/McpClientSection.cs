namespace McpIdentityHeaders.Internal;

/// <summary>A configuration section that an MCP client's settings come from.</summary>
internal sealed record McpClientSection(string Path);
