using System.Security.Claims;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>One header, compiled: the claims that it becomes.</summary>
internal sealed class ReceivedHeader(ClaimHeader header)
{
    internal string Name { get; } = header.HeaderName;

    internal string ClaimType { get; } = GetClaimType(header);

    internal bool Required { get; } = header.Required;

    internal ClaimValueFormat Format { get; } = header.Format;

    internal bool IsSubject => ClaimType is "sub" or ClaimTypes.NameIdentifier;

    internal bool IsIssuer => ClaimType == "iss";

    private static string GetClaimType(ClaimHeader header) => JsonPathSyntax.Parse(header.JsonPath)?[^1] ?? header.ClaimTypes[0];

    internal bool IsNamed(string headerName) => HeaderAlias.EqualsLeniently(Name, headerName);
}
