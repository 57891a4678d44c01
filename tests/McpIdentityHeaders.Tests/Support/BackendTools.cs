using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>What the backends of the tests can do.</summary>
[McpServerToolType]
internal sealed class BackendTools(IHttpContextAccessor http)
{
    [McpServerTool(Name = "whoami"), Description("The X-User-Sub header of this call, or 'nobody'.")]
    public string WhoAmI() => http.HttpContext!.Request.Headers.TryGetValue("X-User-Sub", out var subject) ? subject.ToString() : "nobody";

    [McpServerTool(Name = "ping"), Description("Answers 'pong', and nothing of who asks.")]
    public static string Ping() => "pong";

    [McpServerTool(Name = "ask"), Description("Asks the user through the client, and answers what the user did.")]
    public static async Task<string> AskAsync(McpServer server, CancellationToken cancellationToken)
    {
        ElicitResult answer = await server.ElicitAsync(Question(), cancellationToken);
        return answer.Action;
    }

    [McpServerTool(Name = "confirm"), Description("Asks as protocol 2026-07-28 does: the client calls again, with the user's answer.")]
    public static string Confirm(RequestContext<CallToolRequestParams> call) => call.Params!.InputResponses is null
        ? throw new InputRequiredException(new Dictionary<string, InputRequest> { ["question"] = InputRequest.ForElicitation(Question()) })
        : "confirmed";

    private static ElicitRequestParams Question() =>
        new() { Message = "Go on?", RequestedSchema = new ElicitRequestParams.RequestSchema() };
}
