using System.Collections.Concurrent;

namespace McpIdentityHeaders.Internal;

/// <summary>One client's valid assertion options, with keys and what they signed. It belongs to one plan of claim injection.</summary>
internal sealed class IdentityAssertionPlan(IdentityAssertionOptions options, AssertionKeyRing keys, AssertionSigner signer)
    : AssertionHeader(options.UseAuthorizationHeader ? null : options.HeaderName, options.ReplaceHeaders, errors: [])
{
    // Named origins are few, but services may resolve to ever new addresses: these must not exhaust memory.
    private const int MaxOrigins = 1000;

    private readonly ConcurrentDictionary<Origin, string> _origins = new();

    internal IdentityAssertionOptions Options => options;

    internal AssertionKeyRing Keys => keys;

    internal AssertionSigner Signer => signer;

    /// <summary>Gets the backend that an assertion is for: the service that was resolved, else the origin that the request names.</summary>
    internal string GetAudience(HttpRequestMessage request, AssertedClaims claims) =>
        options.Audience
        ?? GetName(((ClaimInjectionPlan)claims.Source).FindResolvedService(request, request.RequestUri!) ?? GetNamedUri(request));

    /// <summary>Gets the URI as the backend is to see it.</summary>
    internal RequestTarget GetTarget(HttpRequestMessage request) =>
        RequestTarget.Create(GetName(GetNamedUri(request)), request.RequestUri!.PathAndQuery);

    internal override IEnumerable<string> GetValidationErrors(ClaimInjectionPlan plan)
    {
        foreach (ClaimHeaderPlan header in plan.Headers)
        {
            if (IdentityAssertionOptionsValidator.ReservedClaims.Contains(header.ClaimName))
            {
                yield return $"the header '{header.Name}' would become the claim '{header.ClaimName}', which an assertion sets itself. "
                    + "Take it from another claim type, or out of ClaimInjectionOptions.Headers; the users' own issuer goes in a header "
                    + "such as 'X-User-Issuer'.";
            }

            if (header.IsObject)
            {
                yield return $"the header '{header.Name}' carries an object of several claims, and each claim of an assertion comes from a "
                    + "header of its own. Add a header for each claim, or send no assertion to this client's backends.";
            }
            else if (header.IsList && IsSubjectName(header))
            {
                yield return $"the header '{header.Name}' would become the claim 'sub' as a list, and a subject is one value. Set its "
                    + "Format to Single.";
            }

            if (!header.IsSubject && IsSubjectName(header))
            {
                yield return $"the header '{header.Name}' would become the claim 'sub', and is not the user's subject. Put its claim types "
                    + "in front in ClaimInjectionOptions.SubjectClaimTypes, or take it out of ClaimInjectionOptions.Headers.";
            }
        }

        IEnumerable<IGrouping<string, ClaimHeaderPlan>> byName =
            plan.Headers.Where(header => !header.IsObject).GroupBy(header => header.ClaimName, StringComparer.OrdinalIgnoreCase);
        foreach (IGrouping<string, ClaimHeaderPlan> same in byName.Where(same => same.Count() > 1))
        {
            yield return $"the headers {string.Join(" and ", same.Select(header => $"'{header.Name}'"))} would become one claim of the "
                + $"assertion, '{same.Key}'. Take one of them out of ClaimInjectionOptions.Headers.";
        }

        if (!plan.NamesOrigin && !plan.ServesAnyOriginByDefault)
        {
            yield return "no origin is named that an assertion could be sent to. Set TrustedOrigins, or the endpoint.";
        }
    }

    // ClaimsPrincipal finds claims by types of any case.
    private static bool IsSubjectName(ClaimHeaderPlan header) => header.ClaimName.Equals("sub", StringComparison.OrdinalIgnoreCase);

    /// <summary>A proxy routes by the Host header, and the backend takes that for its own name.</summary>
    private static Uri GetNamedUri(HttpRequestMessage request) =>
        HostHeader.TryGetOtherHost(request, request.RequestUri!, out Uri? host) && host is not null ? host : request.RequestUri!;

    private string GetName(Uri uri)
    {
        var origin = new Origin(uri);
        if (_origins.TryGetValue(origin, out string? name))
        {
            return name;
        }

        name = RequestTarget.GetOrigin(uri);
        if (_origins.Count < MaxOrigins)
        {
            _origins.TryAdd(origin, name);
        }

        return name;
    }
}
