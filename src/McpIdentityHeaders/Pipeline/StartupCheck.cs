namespace McpIdentityHeaders.Internal;

/// <summary>What is checked when the host starts, for one client or one scheme.</summary>
/// <param name="Name">The client's or the scheme's name.</param>
/// <param name="Validate">Throws where the settings are not valid.</param>
internal sealed record StartupCheck(string Name, Action<IServiceProvider> Validate);
