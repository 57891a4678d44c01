namespace McpIdentityHeaders.Internal;

/// <summary>What claim injection has to know of the signed assertion that a handler behind it adds.</summary>
/// <param name="Name">The header's name, stripped and redacted as an identity header's; null where it is Authorization.</param>
/// <param name="ReplacesHeaders">Whether the assertion goes instead of the identity headers.</param>
internal sealed record AssertionHeader(string? Name, bool ReplacesHeaders);
