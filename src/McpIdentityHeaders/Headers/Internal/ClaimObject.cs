namespace McpIdentityHeaders.Internal;

/// <summary>What a header of an object format carries: names, each with one value at least, in the header's order.</summary>
/// <param name="Properties">The names with their values. For a client principal, the names are claim types.</param>
internal sealed record ClaimObject(IReadOnlyList<(string Name, IReadOnlyList<string> Values)> Properties)
{
    /// <summary>Gets how the user signed in; empty but for a client principal, as are the next two.</summary>
    internal string AuthenticationType { get; init; } = string.Empty;

    internal string NameClaimType { get; init; } = string.Empty;

    internal string RoleClaimType { get; init; } = string.Empty;
}
