using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Server;

namespace Quickstart;

[McpServerToolType]
internal sealed class WhoAmITool(IHttpContextAccessor http)
{
    // All X- headers, and not only the three that are meant to come: a forged one must show.
    [McpServerTool(Name = "whoami"), Description("The identity headers of this very request as they arrived, a line for each.")]
    public string WhoAmI()
    {
        IEnumerable<string> lines =
            from header in http.HttpContext!.Request.Headers
            where header.Key.StartsWith("X-", StringComparison.OrdinalIgnoreCase)
            from value in header.Value
            select $"{header.Key}: {value}";

        return string.Join('\n', lines);
    }
}
