using System.Security.Claims;

namespace Gateway;

/// <summary>Tells users apart, for what the gateway keeps for each.</summary>
internal static class UserKey
{
    public static string Of(ClaimsPrincipal? user) => $"{user?.FindFirst("iss")?.Value} {user?.FindFirst("sub")?.Value}";
}
