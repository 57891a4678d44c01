namespace Gateway.Development;

/// <summary>Someone who can sign in on a developer's machine.</summary>
internal sealed record SampleUser(string Subject, string Name, string Email, params IReadOnlyList<string> Roles)
{
    public static IReadOnlyList<SampleUser> All { get; } =
    [
        new("alice", "Alice Adams", "alice@example.com", "admin", "staff"),
        new("bob", "Bob Brown", "bob@example.com", "staff"),
        new("jose", "José Núñez", "jose@example.com", "staff"),
        new("yamada", "山田太郎", "yamada@example.com"),
    ];

    public bool IsAdmin => Roles.Contains("admin");
}
