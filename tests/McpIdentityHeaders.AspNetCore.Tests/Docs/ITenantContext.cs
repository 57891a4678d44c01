namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Stands for what an application keeps its user in.</summary>
public interface ITenantContext
{
    TenantUser? Current { get; }
}
