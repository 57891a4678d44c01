namespace McpIdentityHeaders.AspNetCore;

/// <summary>The defaults of the identity headers' authentication scheme.</summary>
public static class IdentityHeadersDefaults
{
    /// <summary>The scheme's default name, and its challenge in <c>WWW-Authenticate</c>.</summary>
    public const string AuthenticationScheme = "IdentityHeaders";
}
