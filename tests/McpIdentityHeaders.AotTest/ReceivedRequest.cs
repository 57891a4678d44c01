using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AotTest;

/// <param name="Headers">Its identity headers, and whatever a forged line would add.</param>
/// <param name="Claims">The claims of its authenticated user.</param>
internal sealed record ReceivedRequest(IReadOnlyList<string> Headers, IReadOnlyList<string> Claims)
{
    public static ReceivedRequest From(HttpContext context) => new(
        [
            .. context.Request.Headers
                .Where(header => header.Key.StartsWith("X-", StringComparison.OrdinalIgnoreCase))
                .Select(header => $"{header.Key}: {header.Value}")
                .Order(StringComparer.Ordinal),
        ],
        [.. context.User.Claims.Select(claim => $"{claim.Type}={claim.Value}").Order(StringComparer.Ordinal)]);
}
