namespace Backend;

/// <summary>What the principal says about its user.</summary>
internal sealed record WhoAmI(string Subject, string? Name, string? Email, IReadOnlyList<string> Roles);
