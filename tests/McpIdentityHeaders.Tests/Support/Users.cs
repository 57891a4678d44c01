namespace McpIdentityHeaders.Tests.Support;

/// <summary>Principals as a sign-in creates them.</summary>
internal static class Users
{
    public static ClaimsPrincipal Alice => Named("alice", "Alice Adams");

    public static ClaimsPrincipal Bob => Named("bob", "Bob Brown");

    /// <summary>As ASP.NET Core's HttpContext.User for an anonymous request.</summary>
    public static ClaimsPrincipal Anonymous => new(new ClaimsIdentity());

    public static ClaimsPrincipal Named(string subject, string? name = null) =>
        new(name is null ? SignedIn(("sub", subject)) : SignedIn(("sub", subject), ("name", name)));

    public static ClaimsPrincipal With(params (string Type, string Value)[] claims) => new(SignedIn(claims));

    public static ClaimsIdentity SignedIn(params (string Type, string Value)[] claims) =>
        new(claims.Select(claim => new Claim(claim.Type, claim.Value)), authenticationType: "test");

    public static ClaimsIdentity NotSignedIn(params (string Type, string Value)[] claims) =>
        new(claims.Select(claim => new Claim(claim.Type, claim.Value)));
}
