namespace McpIdentityHeaders.AspNetCore.Tests.Health;

/// <summary>What /healthz answered.</summary>
/// <param name="StatusCode">The HTTP status.</param>
/// <param name="Status">The worst of the checks.</param>
/// <param name="Body">All that the checks tell.</param>
internal sealed record HealthAnswer(int StatusCode, string Status, string Body);
