using System.Globalization;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>Users as identity providers describe them.</summary>
internal static class Principals
{
    private const string GroupClaim = "groups";

    public static ClaimHeader GroupsHeader { get; } = new("X-User-Groups", GroupClaim) { Format = ClaimValueFormat.CommaSeparated };

    /// <summary>Gets a user of eight claims, three of which become headers.</summary>
    public static ClaimsPrincipal Ascii { get; } = New("User 1");

    public static ClaimsPrincipal NonAscii { get; } = New("José Ñandú 山田");

    /// <summary>Gets a user of 200 claims, with those three after all the others.</summary>
    public static ClaimsPrincipal ManyClaims { get; } = New("User 1", others: 192);

    public static ClaimsPrincipal InOneGroup { get; } = New("User 1", groups: 1);

    public static ClaimsPrincipal InTwentyGroups { get; } = New("User 1", groups: 20);

    private static ClaimsPrincipal New(string name, int groups = 0, int others = 0) => new(new ClaimsIdentity(
        [
            .. Enumerable.Range(0, others).Select(role => new Claim("role", string.Create(CultureInfo.InvariantCulture, $"role-{role}"))),
            new Claim("iss", "https://login.example.com"),
            new Claim("aud", "gateway"),
            new Claim("iat", "1790000000"),
            new Claim("exp", "1790003600"),
            new Claim("sub", "user-1"),
            new Claim("email", "user-1@example.com"),
            new Claim("name", name),
            new Claim("scope", "openid profile email"),
            .. Enumerable.Range(0, groups).Select(
                group => new Claim(GroupClaim, string.Create(CultureInfo.InvariantCulture, $"department-{group}"))),
        ],
        authenticationType: "benchmark"));
}
