namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Stands for a user of an application.</summary>
public sealed record TenantUser(ClaimsPrincipal Principal);
