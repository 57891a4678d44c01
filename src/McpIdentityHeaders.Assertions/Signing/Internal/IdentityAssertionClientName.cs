namespace McpIdentityHeaders.Internal;

/// <summary>The name of a client that sends assertions: what enumerates them for publishing their keys.</summary>
/// <param name="Value">The HttpClient's name.</param>
internal sealed record IdentityAssertionClientName(string Value);
