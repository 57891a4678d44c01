using System.ComponentModel;
using System.Security.Claims;
using ModelContextProtocol.Server;

namespace Backend;

[McpServerToolType]
internal sealed class WhoAmITool
{
    [McpServerTool(Name = "whoami", ReadOnly = true), Description("Says who you are to this server.")]
    public static Person WhoAmI(ClaimsPrincipal user) => new(
        user.FindFirstValue("sub"),
        user.FindFirstValue("iss"),
        user.FindFirstValue("name"),
        user.FindFirstValue("email"),
        [.. user.FindAll("roles").Select(role => role.Value)]);

    internal sealed record Person(string? Subject, string? Issuer, string? Name, string? Email, IReadOnlyList<string> Roles);
}
