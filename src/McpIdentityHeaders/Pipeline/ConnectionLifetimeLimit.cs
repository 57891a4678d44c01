namespace McpIdentityHeaders.Internal;

/// <summary>How long a client's connections live, where it outlives the factory's rotation of handlers, to see DNS changes.</summary>
internal sealed record ConnectionLifetimeLimit(TimeSpan Value);
