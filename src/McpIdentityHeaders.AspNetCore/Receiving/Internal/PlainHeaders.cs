using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The identity headers that may come beside an assertion. They prove nothing, and have to say the same.</summary>
internal sealed class PlainHeaders(ClaimHeaderCollection headers, HeaderValueEncoding encoding)
{
    private readonly ClaimHeader[] _headers = [.. headers];
    private readonly IdentityHeaderNames _names = new(headers.Select(header => header.HeaderName));

    /// <param name="request">The request's headers.</param>
    /// <param name="readClaim">Gives the values that the assertion has of a claim.</param>
    /// <returns>Why the headers and the assertion disagree; null where they agree, or there are no headers.</returns>
    internal string? GetError(IHeaderDictionary request, Func<string, IEnumerable<string>> readClaim)
    {
        foreach ((string name, StringValues values) in request)
        {
            if (!_names.ContainsLeniently(name))
            {
                continue;
            }

            if (Array.Find(_headers, header => header.HeaderName.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } known)
            {
                return "there is an alias of an identity header beside it";
            }

            if (values is not [{ } value]
                || HeaderValueDecoder.Decode(value, known.Format, encoding) is not { } decoded
                || !decoded.SequenceEqual(readClaim(ShortClaimName.Of(known))))
            {
                return $"the header '{known.HeaderName}' says something else";
            }
        }

        return null;
    }
}
