namespace McpIdentityHeaders.Tests.Support;

/// <summary>Users in words.</summary>
internal static class UserNames
{
    public const string Anonymous = "anonymous";
    public const string Unknown = "unknown";

    /// <summary>Gets who the ambient user of the current flow is.</summary>
    public static string Ambient => Of(AmbientIdentity.User);

    public static string Of(ClaimsPrincipal? user) => user switch
    {
        null => Unknown,
        _ when !user.Identities.Any(identity => identity.IsAuthenticated) => Anonymous,
        _ => user.FindFirst("name")?.Value ?? user.FindFirst("sub")?.Value ?? "somebody",
    };
}
