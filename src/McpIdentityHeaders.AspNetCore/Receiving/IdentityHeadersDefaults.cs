namespace McpIdentityHeaders.AspNetCore;

/// <summary>What identity headers are called as an authentication scheme.</summary>
public static class IdentityHeadersDefaults
{
    /// <summary>The scheme's name where none is given, and its challenge in <c>WWW-Authenticate</c>.</summary>
    public const string AuthenticationScheme = "IdentityHeaders";
}
