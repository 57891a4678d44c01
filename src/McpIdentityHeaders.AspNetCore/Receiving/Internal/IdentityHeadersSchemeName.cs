namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The name of a receiving scheme, registered for each: a container does not list its keyed services.</summary>
internal sealed record IdentityHeadersSchemeName(string Value);
