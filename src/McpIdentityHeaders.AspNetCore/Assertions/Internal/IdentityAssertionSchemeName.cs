namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The name of a scheme of assertions: what enumerates them for schemes of plain headers.</summary>
/// <param name="Value">The scheme's name.</param>
internal sealed record IdentityAssertionSchemeName(string Value);
