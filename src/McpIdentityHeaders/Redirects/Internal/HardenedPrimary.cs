namespace McpIdentityHeaders.Internal;

/// <summary>A primary handler that is safe for many users, as far as its type lets it be made so.</summary>
/// <param name="Handler">The handler; null where there is none.</param>
/// <param name="MaxRedirections">How many redirects in a row the user allows.</param>
/// <param name="IsKnown">Whether its type is one that can be made safe.</param>
/// <param name="AreCookiesOverruled">Whether the user had cookies on.</param>
/// <param name="TagsUsers">Whether the activities of its requests can be tagged with their users.</param>
internal readonly record struct HardenedPrimary(
    HttpMessageHandler? Handler, int MaxRedirections, bool IsKnown, bool AreCookiesOverruled, bool TagsUsers);
