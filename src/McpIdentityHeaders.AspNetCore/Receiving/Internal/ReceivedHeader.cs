using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>One header, compiled: the claims that it becomes.</summary>
internal sealed class ReceivedHeader
{
    private ReceivedHeader(ClaimHeader header, string claimType, bool isSubject)
    {
        Name = header.HeaderName;
        ClaimType = claimType;
        IsSubject = isSubject;
        Required = header.Required;
        Format = header.Format;
    }

    internal string Name { get; }

    internal string ClaimType { get; }

    internal bool Required { get; }

    internal ClaimValueFormat Format { get; }

    internal bool IsSubject { get; }

    internal bool IsIssuer => ClaimType == "iss";

    /// <summary>
    /// Compiles a map, which may be a copy of the sender's: where no header becomes a subject by its first claim type, one that the sender
    /// may have filled from a subject's does.
    /// </summary>
    internal static ReceivedHeader[] CreateAll(IdentityHeadersOptions options)
    {
        bool isSubjectFirst = options.Headers.Any(header => options.SubjectClaimTypes.Contains(GetClaimTypes(header, options)[0]));
        return
        [
            .. options.Headers.Select(header =>
            {
                string[] claimTypes = GetClaimTypes(header, options);
                string? subject = Array.Find(isSubjectFirst ? claimTypes[..1] : claimTypes, options.SubjectClaimTypes.Contains);
                return new ReceivedHeader(header, subject ?? claimTypes[0], subject is not null);
            }),
        ];
    }

    internal bool IsNamed(string headerName) => HeaderAlias.EqualsLeniently(Name, headerName);

    /// <summary>Gets the claim types that the sender may have read, or what a path leads to.</summary>
    private static string[] GetClaimTypes(ClaimHeader header, IdentityHeadersOptions options) =>
        JsonPathSyntax.Parse(header.JsonPath) is [.., string last] ? [last]
        : header is { IsDefaultSubject: true } && options.SubjectClaimTypes.Count > 0 ? [.. options.SubjectClaimTypes]
        : [.. header.ClaimTypes.DefaultIfEmpty(string.Empty)];
}
