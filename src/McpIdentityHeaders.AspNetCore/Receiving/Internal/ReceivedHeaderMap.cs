using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Compiles the headers that a scheme reads: a proxy's, or those of a map.</summary>
internal static class ReceivedHeaderMap
{
    /// <summary>
    /// Compiles a map, which may be a copy of the sender's: where no header becomes a subject by its first claim type, one that the sender
    /// may have filled from a subject's does.
    /// </summary>
    internal static ReceivedHeader[] CreateAll(IdentityHeadersOptions options)
    {
        if (HeaderProfile.Find(options.Profile) is { } profile)
        {
            return profile.CreateHeaders(options.SubjectClaimTypes.FirstOrDefault("sub"));
        }

        HeaderValueEncoding encoding = options.Encoding;
        bool isSubjectFirst = options.Headers.Any(header => options.SubjectClaimTypes.Contains(GetClaimTypes(header, options)[0]));
        return
        [
            .. options.Headers.Select(header =>
            {
                if (ClaimObjectProperty.IsObject(header.Format))
                {
                    return ReceivedHeader.CreateObject(header, options.SubjectClaimTypes);
                }

                string[] claimTypes = GetClaimTypes(header, options);
                string? subject = Array.Find(isSubjectFirst ? claimTypes[..1] : claimTypes, options.SubjectClaimTypes.Contains);
                return new ReceivedHeader(
                    header.HeaderName, subject ?? claimTypes[0], value => HeaderValueDecoder.Decode(value, header.Format, encoding))
                {
                    Form = header.Format == ClaimValueFormat.Single ? $"Encoding '{encoding}'" : $"Format '{header.Format}'",
                    Required = header.Required,
                    IsList = header.Format != ClaimValueFormat.Single,
                    IsSubject = subject is not null,
                };
            }),
        ];
    }

    /// <summary>Gets the claim types that the sender may have read, or what a path leads to.</summary>
    private static string[] GetClaimTypes(ClaimHeader header, IdentityHeadersOptions options) =>
        JsonPathSyntax.Parse(header.JsonPath) is [.., string last] ? [last]
        : header is { IsDefaultSubject: true } && options.SubjectClaimTypes.Count > 0 ? [.. options.SubjectClaimTypes]
        : [.. header.ClaimTypes.DefaultIfEmpty(string.Empty)];
}
