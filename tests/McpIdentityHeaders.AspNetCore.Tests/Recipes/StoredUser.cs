namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public sealed record StoredUser(string Subject, string SubjectIssuer, string? Issuer, string? Name)
{
    public static StoredUser From(ClaimsPrincipal user)
    {
        Claim subject = user.FindFirst("sub") ?? throw new ArgumentException("A user without sub.", nameof(user));
        return new StoredUser(subject.Value, subject.Issuer, user.FindFirst("iss")?.Value, user.FindFirst("name")?.Value);
    }

    public ClaimsPrincipal ToPrincipal()
    {
        // Two sign-ins may have the same sub: its issuer tells them apart, also where there is no iss.
        var subject = new Claim("sub", Subject, ClaimValueTypes.String, SubjectIssuer);
        var identity = new ClaimsIdentity([subject], authenticationType: "job");
        if (Issuer is not null)
        {
            identity.AddClaim(new Claim("iss", Issuer));
        }

        if (Name is not null)
        {
            identity.AddClaim(new Claim("name", Name));
        }

        return new ClaimsPrincipal(identity);
    }
}
// </snippet>
