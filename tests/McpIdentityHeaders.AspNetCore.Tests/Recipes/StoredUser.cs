namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public sealed record StoredUser(string Subject, string? Issuer, string? Name)
{
    public static StoredUser From(ClaimsPrincipal user) => new(
        user.FindFirst("sub")?.Value ?? throw new ArgumentException("A user without sub.", nameof(user)),
        user.FindFirst("iss")?.Value,
        user.FindFirst("name")?.Value);

    public ClaimsPrincipal ToPrincipal()
    {
        var identity = new ClaimsIdentity([new Claim("sub", Subject)], authenticationType: "job");
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
