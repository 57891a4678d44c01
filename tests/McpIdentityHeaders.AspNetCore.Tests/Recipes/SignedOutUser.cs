namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public sealed record SignedOutUser(string Subject, string Issuer)
{
    public static SignedOutUser From(ClaimsPrincipal user)
    {
        Claim subject = user.FindFirst("sub") ?? throw new ArgumentException("A user without sub.", nameof(user));
        return new SignedOutUser(subject.Value, user.FindFirst("iss")?.Value ?? subject.Issuer);
    }

    public ClaimsPrincipal ToPrincipal() =>
        new(new ClaimsIdentity([new Claim("sub", Subject, ClaimValueTypes.String, Issuer)], authenticationType: "sign-out"));
}
// </snippet>
