namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>What the headers of one request say, as they are read one after the other.</summary>
internal sealed class ReceivedClaims
{
    private readonly List<(string Type, string Value)> _items = [];

    internal IEnumerable<(string Type, string Value)> Items => _items;

    /// <summary>Gets or sets the claim type of the subject; null as long as there is none.</summary>
    internal string? SubjectClaimType { get; set; }

    /// <summary>Gets the subject; null as long as there is none.</summary>
    internal string? Subject => _items.Find(item => item.Type == SubjectClaimType).Value;

    /// <summary>Gets or sets who the claims are from, if a header says that.</summary>
    internal string? Issuer { get; set; }

    /// <summary>Gets or sets the claim type of the user's name, if a header says that.</summary>
    internal string? NameClaimType { get; set; }

    /// <summary>Gets or sets the claim type of roles, if a header says that.</summary>
    internal string? RoleClaimType { get; set; }

    internal void Add(string type, string value) => _items.Add((type, value));

    internal bool Has(string type) => _items.Exists(item => item.Type == type);
}
