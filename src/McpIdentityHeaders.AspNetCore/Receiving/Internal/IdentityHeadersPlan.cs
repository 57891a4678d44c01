using System.Security.Claims;
using System.Text;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>One scheme's valid options, compiled and immutable. A request is judged by one plan from beginning to end.</summary>
internal sealed class IdentityHeadersPlan
{
    private readonly string _scheme;
    private readonly ReceivedHeader[] _headers;
    private readonly IdentityHeaderNames _headerNames;
    private readonly HeaderValueEncoding _encoding;
    private readonly int _maxHeaderValueLength;
    private readonly int _maxTotalLength;
    private readonly string _nameClaimType;
    private readonly string _roleClaimType;

    internal IdentityHeadersPlan(string scheme, IdentityHeadersOptions options)
    {
        _scheme = scheme;
        _headers = [.. options.Headers.Select(header => new ReceivedHeader(header))];
        _headerNames = new IdentityHeaderNames(_headers.Select(header => header.Name));
        _encoding = options.Encoding;
        _maxHeaderValueLength = options.MaxHeaderValueLength;
        _maxTotalLength = options.MaxTotalLength;
        _nameClaimType = options.NameClaimType;
        _roleClaimType = options.RoleClaimType;
        Peers = new TrustedPeers(options);
    }

    internal TrustedPeers Peers { get; }

    /// <summary>Whether there is a header under an owned name, or under an alias of one.</summary>
    internal bool HasIdentity(IHeaderDictionary headers)
    {
        foreach ((string name, StringValues _) in headers)
        {
            if (_headerNames.Contains(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the user, whole or not at all.</summary>
    /// <param name="headers">The headers of a request that has an identity.</param>
    /// <param name="problem">Why there is no user. It quotes no value.</param>
    internal ClaimsIdentity? Read(IHeaderDictionary headers, out string? problem)
    {
        List<(ReceivedHeader Header, string Value)> claims = [];
        problem = ProblemOf(headers, claims);
        if (problem is not null)
        {
            return null;
        }

        // The server's own checks, of who a session is, look at a claim's issuer: equal subjects of two issuers are two users there as well.
        string issuer = claims.Find(claim => claim.Header.IsIssuer).Value ?? _scheme;
        return new ClaimsIdentity(
            claims.Select(claim => new Claim(claim.Header.ClaimType, claim.Value, ClaimValueTypes.String, issuer)),
            _scheme,
            _nameClaimType,
            _roleClaimType);
    }

    private string? ProblemOf(IHeaderDictionary headers, List<(ReceivedHeader Header, string Value)> claims)
    {
        foreach ((string name, StringValues values) in headers)
        {
            if (_headerNames.Contains(name) && ProblemOf(name, values) is { } problem)
            {
                return problem;
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

            if (HeaderValueDecoder.Decode(value, header.Format, _encoding) is not { } decoded)
            {
                return $"the value of the header '{header.Name}' is not in the canonical form of its format and encoding";
            }

            claims.AddRange(decoded.Select(item => (header, item)));
        }

        return claims.Exists(claim => claim.Header.IsSubject) ? null : "they come without the subject's";
    }

    private string? ProblemOf(string name, StringValues values)
    {
        ReceivedHeader header = Array.Find(_headers, header => header.IsNamed(name))!;
        if (!header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        {
            return $"there is an alias of the header '{header.Name}'";
        }

        return values.Count == 1 ? null : $"the header '{header.Name}' came {values.Count} times";
    }
}
