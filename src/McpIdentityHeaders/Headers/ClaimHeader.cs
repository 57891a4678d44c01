using System.Security.Claims;

namespace McpIdentityHeaders;

/// <summary>One header and the claims that supply its value.</summary>
public sealed class ClaimHeader
{
    /// <summary>
    /// Creates a header that takes its value from the first of <paramref name="claimTypes"/> that the user has a value of.
    /// </summary>
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
            throw new ArgumentException(
                $"Header '{headerName}' has no claim type. Name at least one, such as \"groups\".", nameof(claimTypes));
        }

        if (claimTypes.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException($"Header '{headerName}' has an empty claim type. Remove it.", nameof(claimTypes));
        }

        HeaderName = headerName;
        ClaimTypes = [.. claimTypes];
    }

    /// <summary>Creates a header with a value that code makes of the user: a fixed one, say, or one with a prefix.</summary>
    /// <param name="headerName">The header's name, an RFC 9110 token such as <c>X-Tenant</c>.</param>
    /// <param name="getValue">
    /// Gets the value. It is called for each request of a signed-in user, with the identities of that one user, and maybe by several
    /// threads at once. <see langword="null"/> or white space sends no header. If it throws, the request is refused.
    /// </param>
    /// <remarks>The value is encoded and limited as a claim's is. A receiver needs a header with a claim type.</remarks>
    /// <exception cref="ArgumentException"><paramref name="headerName"/> is empty.</exception>
    public ClaimHeader(string headerName, Func<ClaimsPrincipal, string?> getValue)
        : this(headerName)
    {
        ArgumentNullException.ThrowIfNull(getValue);

        GetValues = user => getValue(user) is { } value ? [value] : null;
    }

    /// <summary>Creates a header with values that code makes of the user: those of several claim types, say.</summary>
    /// <param name="headerName">The header's name, an RFC 9110 token such as <c>X-User-Groups</c>.</param>
    /// <param name="getValues">
    /// Gets the values, as the other constructor's delegate does. <see cref="Format"/> says how many are sent.
    /// </param>
    /// <remarks>The values are encoded and limited as claims are. A receiver needs a header with a claim type.</remarks>
    /// <exception cref="ArgumentException"><paramref name="headerName"/> is empty.</exception>
    public ClaimHeader(string headerName, Func<ClaimsPrincipal, IEnumerable<string>?> getValues)
        : this(headerName)
    {
        ArgumentNullException.ThrowIfNull(getValues);

        GetValues = getValues;
    }

    private ClaimHeader(string headerName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(headerName);

        HeaderName = headerName;
        ClaimTypes = [];
    }

    /// <summary>Gets the header's name.</summary>
    public string HeaderName { get; }

    /// <summary>Gets the claim types to look for. The first with a value that is not blank wins.</summary>
    /// <value>
    /// Empty where code gives the value. With <see cref="ClaimValueFormat.JsonObject"/> and the formats behind it, the header carries all
    /// of them, and the first wins of those that have one name in a JWT, such as <c>email</c> and
    /// <see cref="System.Security.Claims.ClaimTypes.Email"/>.
    /// </value>
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

    internal Func<ClaimsPrincipal, IEnumerable<string>?>? GetValues { get; }

    /// <summary>Gets whether <see cref="ClaimInjectionOptions.SubjectClaimTypes"/> stand in for the claim types.</summary>
    internal bool IsDefaultSubject { get; init; }
}
