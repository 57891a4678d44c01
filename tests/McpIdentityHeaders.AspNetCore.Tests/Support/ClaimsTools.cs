using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>Tools of a backend that knows its user as a principal.</summary>
[McpServerToolType]
internal sealed class ClaimsTools
{
    [McpServerTool(Name = "subject")]
    public static string Subject(ClaimsPrincipal user) => user.FindFirst("sub")?.Value ?? "anonymous";
}
