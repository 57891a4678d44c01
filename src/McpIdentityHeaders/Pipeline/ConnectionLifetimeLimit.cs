namespace McpIdentityHeaders.Internal;

/// <summary>
/// How long the connections of a client live: registered for a client that outlives the factory's own rotation of handlers, so that it sees
/// changes in DNS.
/// </summary>
internal sealed record ConnectionLifetimeLimit(TimeSpan Value);
