namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A user as the OpenID Connect server knows them.</summary>
internal sealed record OidcUser(string Subject, string Name, string Email, params IReadOnlyList<string> Roles)
{
    public static OidcUser Alice { get; } = new("alice", "Alice Adams", "alice@example.com", "staff");

    public static OidcUser Bob { get; } = new("bob", "Bob Brown", "bob@example.com");

    public override string ToString() => $"{Subject}, {Name}, {Email}: {string.Join(" | ", Roles)}";
}
