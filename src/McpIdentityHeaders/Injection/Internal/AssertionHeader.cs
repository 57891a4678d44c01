namespace McpIdentityHeaders.Internal;

/// <summary>What claim injection has to know of the signed assertion that a handler behind it adds.</summary>
/// <param name="name">The header's name, stripped and redacted as an identity header's; null where it is Authorization.</param>
/// <param name="replacesHeaders">Whether the assertion goes instead of the identity headers.</param>
/// <param name="errors">What is wrong with the assertion's own settings. Each names the client.</param>
internal class AssertionHeader(string? name, bool replacesHeaders, IReadOnlyList<string> errors)
{
    internal string? Name => name;

    internal bool ReplacesHeaders => replacesHeaders;

    internal IReadOnlyList<string> Errors => errors;

    /// <summary>Gets the errors of a plan that no assertion can be made of.</summary>
    internal virtual IEnumerable<string> GetValidationErrors(ClaimInjectionPlan plan) => [];
}
