namespace McpIdentityHeaders.Tests.Support;

/// <summary>Users in words.</summary>
internal static class UserNames
{
    public const string Nobody = "nobody";
    public const string NotKnown = "not known";

    /// <summary>Gets who the ambient user of the current flow is.</summary>
    public static string Ambient => Of(AmbientIdentity.User);

    public static string Of(ClaimsPrincipal? user) => user switch
    {
        null => NotKnown,
        _ when !user.Identities.Any(identity => identity.IsAuthenticated) => Nobody,
        _ => user.FindFirst("name")?.Value ?? user.FindFirst("sub")?.Value ?? "somebody",
    };
}
