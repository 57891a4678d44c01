namespace McpIdentityHeaders.AspNetCore;

/// <summary>The defaults of the identity assertions' authentication scheme.</summary>
public static class IdentityAssertionDefaults
{
    /// <summary>The scheme's default name.</summary>
    public const string AuthenticationScheme = "IdentityAssertion";
}
