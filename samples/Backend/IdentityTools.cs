using System.ComponentModel;
using System.Security.Claims;
using ModelContextProtocol.Server;

namespace Backend;

[McpServerToolType]
internal sealed class IdentityTools
{
    // A parameter of this type is the request's user, and no argument of the tool.
    [McpServerTool(Name = "whoami", ReadOnly = true, UseStructuredContent = true)]
    [Description("Who this server takes the caller for.")]
    public static WhoAmI WhoAmI(ClaimsPrincipal user) => new(
        Owner.Of(user).Subject,
        user.Identity?.Name,
        user.FindFirstValue("email"),
        [.. user.FindAll("roles").Select(role => role.Value)]);
}
