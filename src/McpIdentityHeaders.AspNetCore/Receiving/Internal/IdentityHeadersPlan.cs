using System.Security.Claims;
using System.Text;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>One scheme's valid options, compiled and immutable. One plan serves a request from beginning to end.</summary>
internal sealed class IdentityHeadersPlan
{
    private readonly string _scheme;
    private readonly ReceivedHeader[] _headers;
    private readonly IdentityHeaderNames _headerNames;
    private readonly int _maxHeaderValueLength;
    private readonly int _maxTotalLength;
    private readonly string _nameClaimType;
    private readonly string _roleClaimType;
    private readonly bool _isNameClaimTypeSet;
    private readonly bool _isRoleClaimTypeSet;
    private readonly PlainHeaders? _compared;
    private readonly string _profile;

    internal IdentityHeadersPlan(string scheme, IdentityHeadersOptions options)
    {
        _scheme = scheme;
        _headers = ReceivedHeaderMap.CreateAll(options);
        _maxHeaderValueLength = options.MaxHeaderValueLength;
        _maxTotalLength = options.MaxTotalLength;
        _nameClaimType = options.NameClaimType;
        _roleClaimType = options.RoleClaimType;
        _isNameClaimTypeSet = options.IsNameClaimTypeSet;
        _isRoleClaimTypeSet = options.IsRoleClaimTypeSet;

        string[] names = [.. _headers.Select(header => header.Name)];
        _headerNames = new IdentityHeaderNames(names);
        HeaderNames = [.. names, .. options.SharedSecrets.Select(secret => secret.HeaderName)];
        RemovesIdentityHeaders = options.RemoveIdentityHeaders;
        UserTagger = UserActivityTagger.Create(options.UserActivityTag, options.UserActivityTagKey);
        Peers = new TrustedPeers(options.TrustedPeers, options.IsTrustedCertificate, options.SharedSecrets);
        _profile = $"Profile '{options.Profile}'";
        _compared = options.Profile is null ? new PlainHeaders(options.Headers, options.Encoding) : null;
    }

    internal TrustedPeers Peers { get; }

    /// <summary>Gets the names of the identity headers and of the shared secrets.</summary>
    internal IReadOnlyList<string> HeaderNames { get; }

    /// <summary>
    /// Gets what in the map does not fit the other settings. Each names the setting to write. None is an error: a claims transformation may
    /// add what is missing, and a policy may read a list's claims themselves.
    /// </summary>
    internal IEnumerable<string> Warnings
    {
        get
        {
            if (Array.Exists(_headers, header => header.ClaimType is null))
            {
                // Which claims it holds, only a request shows.
                yield break;
            }

            if (!HasHeaderOf(_nameClaimType))
            {
                string[] singles = [.. _headers.Where(header => !header.IsList).Select(header => $"'{header.ClaimType}'")];
                yield return $"no header becomes the claim '{_nameClaimType}', so that the user has no name. Set NameClaimType to "
                    + $"{string.Join(" or ", singles)}, or add a header that becomes '{_nameClaimType}' to Headers";
            }

            ReceivedHeader[] lists = Array.FindAll(_headers, header => header.IsList);
            if (lists.Length > 0 && !HasHeaderOf(_roleClaimType))
            {
                string becomes = string.Join(", ", lists.Select(header => $"'{header.Name}' becomes the claims '{header.ClaimType}'"));
                yield return $"{becomes}, and no header becomes the roles '{_roleClaimType}', so that the user has no role. Set "
                    + $"RoleClaimType to {string.Join(" or ", lists.Select(header => $"'{header.ClaimType}'"))}, or add a header that "
                    + $"becomes '{_roleClaimType}' to Headers";
            }
        }
    }

    /// <summary>Gets whether the identity headers leave the request once they are accepted.</summary>
    internal bool RemovesIdentityHeaders { get; }

    /// <summary>Gets what tags the activities of requests; null where nothing does.</summary>
    internal UserActivityTagger? UserTagger { get; }

    /// <summary>Whether it is an identity header, or an alias of one.</summary>
    internal bool IsIdentityHeader(string headerName) => _headerNames.ContainsLeniently(headerName);

    /// <summary>Whether there is an identity header, or an alias of one.</summary>
    internal bool HasIdentity(IHeaderDictionary headers) => headers.Any(header => IsIdentityHeader(header.Key));

    /// <summary>Reads the user, whole or not at all.</summary>
    /// <param name="headers">The headers of a request that has an identity.</param>
    /// <param name="subject">The user's subject.</param>
    /// <param name="error">Why there is no user. It quotes no value.</param>
    internal ClaimsIdentity? Read(IHeaderDictionary headers, out string? subject, out string? error)
    {
        var claims = new ReceivedClaims();
        error = ReadClaims(headers, claims);
        subject = error is null ? claims.Subject : null;
        if (error is not null)
        {
            return null;
        }

        // Set the issuer: the MCP server compares it to tell equal subjects of two issuers apart.
        string issuer = claims.Issuer ?? _scheme;
        return new ClaimsIdentity(
            claims.Items.Select(claim => new Claim(claim.Type, claim.Value, ClaimValueTypes.String, issuer)),
            _scheme,
            !_isNameClaimTypeSet && claims.NameClaimType is { } nameType && claims.Has(nameType) ? nameType : _nameClaimType,
            _isRoleClaimTypeSet ? _roleClaimType : claims.RoleClaimType ?? _roleClaimType);
    }

    /// <summary>Compares the headers with an assertion beside them.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="readClaim">Gives the values that the assertion has of a claim.</param>
    /// <returns>Why they disagree; null where they agree, or there are no headers.</returns>
    internal string? GetAssertionError(IHeaderDictionary headers, Func<string, IEnumerable<string>> readClaim) =>
        _compared is not null ? _compared.GetError(headers, readClaim)
        : HasIdentity(headers) ? GetProfileError(headers, readClaim)
        : null;

    /// <summary>Compares what a proxy's headers become: its profile says which claims those are.</summary>
    private string? GetProfileError(IHeaderDictionary headers, Func<string, IEnumerable<string>> readClaim)
    {
        var claims = new ReceivedClaims();
        if (ReadClaims(headers, claims) is { } error)
        {
            return error;
        }

        bool isSame = claims.Items
            .GroupBy(claim => claim.Type == claims.SubjectClaimType ? "sub" : ShortClaimName.Of(claim.Type), claim => claim.Value)
            .All(same => same.SequenceEqual(readClaim(same.Key)));
        return isSame ? null : "the headers of the profile say something else";
    }

    // ClaimsIdentity finds names and roles by types of any case.
    private bool HasHeaderOf(string claimType) =>
        Array.Exists(_headers, header => claimType.Equals(header.ClaimType, StringComparison.OrdinalIgnoreCase));

    /// <returns>The error, or null.</returns>
    private string? ReadClaims(IHeaderDictionary headers, ReceivedClaims claims)
    {
        foreach ((string name, StringValues values) in headers)
        {
            if (IsIdentityHeader(name) && GetNameError(name, values) is { } error)
            {
                return error;
            }
        }

        int total = 0;
        foreach (ReceivedHeader header in _headers)
        {
            if (headers[header.Name] is not [{ } value])
            {
                if (header.Required)
                {
                    return $"the header '{header.Name}' is required, and did not come";
                }

                continue;
            }

            int length = Encoding.UTF8.GetByteCount(value);
            total += header.Name.Length + length;
            if (length > _maxHeaderValueLength || total > _maxTotalLength)
            {
                return $"the header '{header.Name}' is longer than MaxHeaderValueLength or MaxTotalLength allows";
            }

            if (string.IsNullOrWhiteSpace(value))
            {
                if (header.IgnoresBlank)
                {
                    continue;
                }

                return $"the header '{header.Name}' is blank. A sender leaves out a header that has no value";
            }

            if (!header.Read(value, claims))
            {
                return $"the value of the header '{header.Name}' is not in the canonical form of {header.Form ?? _profile}, which has to "
                    + "be the sender's";
            }
        }

        return claims.SubjectClaimType is null ? "they come without the subject's" : null;
    }

    private string? GetNameError(string name, StringValues values)
    {
        ReceivedHeader header = Array.Find(_headers, header => header.IsNamed(name))!;
        if (!header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        {
            return $"there is an alias of the header '{header.Name}'";
        }

        return values.Count == 1 ? null : $"the header '{header.Name}' came {values.Count} times";
    }
}
