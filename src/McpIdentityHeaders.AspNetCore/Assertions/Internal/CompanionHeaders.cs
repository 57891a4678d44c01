using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The plain headers of one proxy. They prove nothing, and have to say what its assertion says.</summary>
internal sealed class CompanionHeaders(CompanionHeader[] headers)
{
    private readonly IdentityHeaderNames _names = new(headers.Select(header => header.Name));
    private readonly IdentityHeaderNames _compared =
        new(headers.Where(header => header.GetValue is not null).Select(header => header.Name));

    /// <summary>Whether it is one of them, or an alias of one.</summary>
    internal bool Contains(string headerName) => _names.ContainsLeniently(headerName);

    /// <summary>Whether it is one that says what the assertion says, or an alias of one.</summary>
    internal bool IsCompared(string headerName) => _compared.ContainsLeniently(headerName);

    /// <returns>Why the headers and the assertion disagree; null where they agree, or there are no headers.</returns>
    internal string? GetError(IHeaderDictionary request, JsonWebToken token)
    {
        foreach ((string name, StringValues values) in request)
        {
            if (!Contains(name))
            {
                continue;
            }

            if (Array.Find(headers, header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } known)
            {
                return "there is an alias of the proxy's plain header beside it";
            }

            if (values is not [{ } value] || (known.GetValue is { } get && value != get(token)))
            {
                return $"the header '{known.Name}' says something else";
            }
        }

        return null;
    }
}
