namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A claim as a server has it.</summary>
internal sealed record ReceivedClaim(string Type, string Value, string Issuer);
