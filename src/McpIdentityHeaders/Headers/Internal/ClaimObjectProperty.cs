namespace McpIdentityHeaders.Internal;

/// <summary>A name of an object format, and the claim types that it is read from. The first with a value wins.</summary>
internal sealed record ClaimObjectProperty(string Name, string[] ClaimTypes)
{
    internal static bool IsObject(ClaimValueFormat format) =>
        format is ClaimValueFormat.JsonObject or ClaimValueFormat.Base64JsonObject or ClaimValueFormat.ClientPrincipal;

    /// <summary>Gives the names of these claim types in their order. Types of one short name stand in for one another.</summary>
    internal static ClaimObjectProperty[] CreateAll(IEnumerable<string> claimTypes) =>
    [
        .. claimTypes.GroupBy(ShortClaimName.Of).Select(same => new ClaimObjectProperty(same.Key, [.. same])),
    ];
}
