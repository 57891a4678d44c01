using System.Security.Claims;

namespace Quickstart;

/// <summary>Someone who calls the servers, and what they must learn about them.</summary>
/// <param name="Name">What the table calls them.</param>
/// <param name="User">The user as a sign-in would make them; null: a user who has not signed in.</param>
/// <param name="Headers">The headers that must arrive, decoded. Written out here, and not asked of the library that is on trial.</param>
/// <param name="Claims">The claims that must be verified, where an assertion goes instead of the headers.</param>
internal sealed record Caller(
    string Name, ClaimsPrincipal? User, IReadOnlyDictionary<string, string> Headers, IReadOnlyDictionary<string, string> Claims)
{
    public static IReadOnlyList<Caller> Everybody { get; } =
    [
        SignedIn("Alice", subject: "alice", fullName: "Alice Adams", email: "alice@example.com"),
        SignedIn("José", subject: "jose", fullName: "José Núñez"),
        SignedIn("山田太郎", subject: "yamada", fullName: "山田太郎"),

        // Set as it is, this subject would end its header line and add one of its own.
        SignedIn("Mallory", subject: "mallory\r\nX-User-Sub: admin"),

        new("anonymous", User: null, new Dictionary<string, string>(), new Dictionary<string, string>()),
    ];

    /// <summary>Gets what a server must tell of this caller.</summary>
    public IReadOnlyDictionary<string, string> ExpectedOf(WhoAmIServer server) => server.Verifies ? Claims : Headers;

    private static Caller SignedIn(string name, string subject, string? fullName = null, string? email = null)
    {
        var identity = new ClaimsIdentity(authenticationType: "quickstart");
        var headers = new Dictionary<string, string>();
        var claims = new Dictionary<string, string>();

        Add("X-User-Sub", "sub", subject);
        Add("X-User-Email", "email", email);
        Add("X-User-Name", "name", fullName);
        return new Caller(name, new ClaimsPrincipal(identity), headers, claims);

        void Add(string header, string claimType, string? value)
        {
            if (value is not null)
            {
                identity.AddClaim(new Claim(claimType, value));
                headers.Add(header, value);
                claims.Add(claimType, value);
            }
        }
    }
}
