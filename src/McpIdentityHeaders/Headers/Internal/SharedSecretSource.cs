namespace McpIdentityHeaders.Internal;

/// <summary>What may know shared secrets: a client, or a receiving scheme.</summary>
/// <param name="Load">Reads the settings, which adds their names to <see cref="SharedSecretNames"/>.</param>
internal sealed record SharedSecretSource(Action<IServiceProvider> Load);
