using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>The maps of docs/identity-providers.md, as they stand there.</summary>
internal static class IdentityProviderMaps
{
    public static void AddEntra(IServiceCollection services, Uri endpoint)
    {
        // <snippet>
        services.AddMcpClient("notes", endpoint).AddClaimInjection(options =>
        {
            options.SubjectClaimTypes.Clear();
            options.SubjectClaimTypes.Add("oid");
            options.Headers.Add("X-User-Tenant", "tid");
            options.Headers.Add(new ClaimHeader("X-User-Roles", "roles") { Format = ClaimValueFormat.CommaSeparated });
        });
        // </snippet>
    }

    public static void AddKeycloak(IServiceCollection services, Uri endpoint)
    {
        // <snippet>
        services.AddMcpClient("notes", endpoint).AddClaimInjection(options =>
        {
            options.Headers.Add(new ClaimHeader("X-User-Roles", "realm_access")
            {
                JsonPath = "roles",
                Format = ClaimValueFormat.CommaSeparated,
            });
            options.Headers.Add(new ClaimHeader("X-User-Client-Roles", "resource_access")
            {
                JsonPath = "my-client.roles",
                Format = ClaimValueFormat.CommaSeparated,
            });
            options.Headers.Add(new ClaimHeader("X-User-Groups", "groups") { Format = ClaimValueFormat.CommaSeparated });
        });
        // </snippet>
    }

    public static void AddAuth0(IServiceCollection services, Uri endpoint)
    {
        // <snippet>
        services.AddMcpClient("notes", endpoint).AddClaimInjection(options =>
        {
            options.Headers.Add("X-User-Email", "https://example.com/email");
            options.Headers.Add("X-User-Org", "org_id");
            options.Headers.Add(new ClaimHeader("X-User-Roles", "https://example.com/roles") { Format = ClaimValueFormat.CommaSeparated });
        });
        // </snippet>
    }

    public static void AddOkta(IServiceCollection services, Uri endpoint)
    {
        // <snippet>
        services.AddMcpClient("notes", endpoint).AddClaimInjection(options =>
        {
            options.SubjectClaimTypes.Insert(0, "uid");
            options.Headers.Add(new ClaimHeader("X-User-Groups", "groups") { Format = ClaimValueFormat.CommaSeparated });
        });
        // </snippet>
    }

    public static void AddCognito(IServiceCollection services, Uri endpoint)
    {
        // <snippet>
        services.AddMcpClient("notes", endpoint).AddClaimInjection(options =>
        {
            options.Headers.Add("X-User-Name", "name", "username", "cognito:username");
            options.Headers.Add(new ClaimHeader("X-User-Groups", "cognito:groups") { Format = ClaimValueFormat.CommaSeparated });
        });
        // </snippet>
    }

    public static void AddGoogle(IServiceCollection services, Uri endpoint)
    {
        // <snippet>
        services.AddMcpClient("notes", endpoint).AddClaimInjection(options => options.Headers.Add("X-User-Domain", "hd"));
        // </snippet>
    }

    public static void AddAdfs(IServiceCollection services, Uri endpoint)
    {
        // <snippet>
        services.AddMcpClient("notes", endpoint).AddClaimInjection(options =>
        {
            options.SubjectClaimTypes.Clear();
            options.SubjectClaimTypes.Add("unique_name");
            options.Headers.Add("X-User-Name", "name", "upn");
            options.Headers.Add(new ClaimHeader("X-User-Roles", "role") { Format = ClaimValueFormat.CommaSeparated });
        });
        // </snippet>
    }
}
