using Microsoft.AspNetCore.Authorization;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>Tools of a backend, some of which are for some only.</summary>
[McpServerToolType]
internal sealed class RoleTools
{
    [McpServerTool(Name = "whoami")]
    public static string WhoAmI(ClaimsPrincipal? user = null) =>
        user?.Identity?.IsAuthenticated == true ? $"{user.FindFirst("sub")?.Value}/{user.Identity.Name}" : "anonymous";

    [Authorize]
    [McpServerTool(Name = "mine")]
    public static string Mine(ClaimsPrincipal user) => $"mine of {user.FindFirst("sub")?.Value}";

    [Authorize(Roles = "admin")]
    [McpServerTool(Name = "all")]
    public static string All(ClaimsPrincipal user) => $"all for {user.FindFirst("sub")?.Value}";
}
