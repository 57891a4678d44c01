namespace McpIdentityHeaders.Internal;

/// <summary>The name of a client that carries identities, registered for each: a container does not list its keyed services.</summary>
internal sealed record ClaimInjectionClientName(string Value);
