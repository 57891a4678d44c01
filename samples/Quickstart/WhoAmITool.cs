using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Quickstart;

[McpServerToolType]
internal sealed class WhoAmITool(IHttpContextAccessor http)
{
    // All X- headers, and not only those that are meant to come: a forged one must show.
    [McpServerTool(Name = "whoami"), Description(
        "The identity headers of this very request as they arrived, and verified claims, a line for each.")]
    public string WhoAmI()
    {
        HttpContext context = http.HttpContext!;
        IEnumerable<string> headers =
            from header in context.Features.GetRequiredFeature<ArrivedHeaders>().All
            from value in header.Value
            select $"{header.Key}: {value}";

        // Only a server that verifies has claims.
        IEnumerable<string> claims =
            from claim in context.User.Claims
            where claim.Type is "sub" or "email" or "name"
            select $"{claim.Type}: {McpHeaderEncoder.EncodeValue(claim.Value)}";

        return string.Join('\n', headers.Concat(claims));
    }
}
