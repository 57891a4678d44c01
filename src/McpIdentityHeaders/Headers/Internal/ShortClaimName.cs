using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Finds the name that a header's value has as a claim of a JWT (RFC 7519, section 4).</summary>
internal static class ShortClaimName
{
    private const string Issuer = "iss";

    // What ASP.NET Core renames these claims to.
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.Ordinal)
    {
        [ClaimTypes.NameIdentifier] = "sub",
        [ClaimTypes.Email] = "email",
        [ClaimTypes.Name] = "name",
        [ClaimTypes.Role] = "role",
        [ClaimTypes.GivenName] = "given_name",
        [ClaimTypes.Surname] = "family_name",
        [ClaimTypes.Upn] = "upn",
    };

    /// <summary>
    /// Gives the last property of a path within a claim; else the first claim type that is no URI; else what a renamed claim was called;
    /// else the header's own name, without X- and User-. That is the user's issuer's as well: a JWT has its own in iss.
    /// </summary>
    internal static string Of(ClaimHeader header) =>
        Find(header) is { } name and not Issuer ? name : FromHeaderName(header.HeaderName);

    /// <summary>Whether it carries the user's issuer.</summary>
    internal static bool IsIssuer(ClaimHeader header) => Find(header) == Issuer;

    /// <summary>Gives what a renamed claim was called; of any other, its type.</summary>
    internal static string Of(string claimType) => Renamed.GetValueOrDefault(claimType, claimType);

    private static string? Find(ClaimHeader header) => JsonPathSyntax.Parse(header.JsonPath) is [.., var property]
        ? property
        : header.ClaimTypes.FirstOrDefault(type => !type.Contains("://", StringComparison.Ordinal))
            ?? header.ClaimTypes.Select(type => Renamed.GetValueOrDefault(type)).FirstOrDefault(name => name is not null);

    private static string FromHeaderName(string name)
    {
        string rest = name.StartsWith("X-", StringComparison.OrdinalIgnoreCase) ? name[2..] : name;
        rest = rest.StartsWith("User-", StringComparison.OrdinalIgnoreCase) ? rest["User-".Length..] : rest;
        return rest.ToLowerInvariant().Replace('-', '_');
    }
}
