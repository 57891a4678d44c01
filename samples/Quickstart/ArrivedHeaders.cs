using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Quickstart;

/// <summary>A request's X- headers as they arrived: an assertion is taken out of the request before any middleware runs.</summary>
internal sealed record ArrivedHeaders(IReadOnlyList<KeyValuePair<string, StringValues>> All)
{
    public static ArrivedHeaders Of(HttpRequest request) =>
        new([.. request.Headers.Where(header => header.Key.StartsWith("X-", StringComparison.OrdinalIgnoreCase))]);
}
