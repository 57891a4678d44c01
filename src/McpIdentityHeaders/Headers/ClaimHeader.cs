namespace McpIdentityHeaders;

/// <summary>One header and the claims that supply its value.</summary>
public sealed class ClaimHeader
{
    /// <summary>Creates a header that takes its value from the first of <paramref name="claimTypes"/> that the user has a value of.</summary>
    /// <param name="headerName">The header's name, an RFC 9110 token such as <c>X-User-Groups</c>.</param>
    /// <param name="claimTypes">The claim types to look for, in order; compared exactly, as RFC 7519 compares claim names.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="headerName"/> or a claim type is empty, or there is no claim type. The options' validation later refuses names that
    /// cannot be configured.
    /// </exception>
    public ClaimHeader(string headerName, params IReadOnlyList<string> claimTypes)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(headerName);
        ArgumentNullException.ThrowIfNull(claimTypes);

        if (claimTypes.Count == 0)
        {
            throw new ArgumentException($"Header '{headerName}' has no claim type. Name at least one, such as \"groups\".", nameof(claimTypes));
        }

        if (claimTypes.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException($"Header '{headerName}' has an empty claim type. Remove it.", nameof(claimTypes));
        }

        HeaderName = headerName;
        ClaimTypes = [.. claimTypes];
    }

    /// <summary>Gets the header's name.</summary>
    public string HeaderName { get; }

    /// <summary>Gets the claim types to look for. The first with a value that is not blank wins.</summary>
    public IReadOnlyList<string> ClaimTypes { get; }

    /// <summary>Gets the path of the value within a claim that holds a JSON object.</summary>
    /// <value>
    /// Property names joined by dots: <c>roles</c> within Keycloak's <c>realm_access</c>, <c>a.b</c> for one deeper. The default value is
    /// <see langword="null"/>: the claim's value itself.
    /// </value>
    public string? JsonPath { get; init; }

    /// <summary>Gets how many values the header carries, and in which form.</summary>
    /// <value>The default value is <see cref="ClaimValueFormat.Single"/>.</value>
    public ClaimValueFormat Format { get; init; }

    /// <summary>Gets whether a signed-in user without a value for this header is refused.</summary>
    /// <value>The default value is <see langword="false"/>: the header is left out.</value>
    public bool Required { get; init; }
}
