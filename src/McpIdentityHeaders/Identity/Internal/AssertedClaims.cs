namespace McpIdentityHeaders.Internal;

/// <summary>The values of a user's identity headers, unencoded and read at one moment: an assertion beside them has the same.</summary>
/// <param name="subject">The user's subject.</param>
/// <param name="values">
/// A value for each header of the client's map, in its order: null where the header is not sent, a string, or the items of a list.
/// </param>
/// <param name="source">What the settings were at that moment, for the handler that signs.</param>
internal sealed class AssertedClaims(string subject, object?[] values, IIdentityPlan source) : CarriedUser(subject, source)
{
    internal ReadOnlySpan<object?> Values => values;
}
