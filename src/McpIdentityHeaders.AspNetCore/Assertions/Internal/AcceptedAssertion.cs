namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>A feature of a request: the bound assertion that was accepted with it.</summary>
internal sealed record AcceptedAssertion(string Token);
