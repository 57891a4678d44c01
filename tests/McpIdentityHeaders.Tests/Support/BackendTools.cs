using System.Collections.Concurrent;
using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>The tools of the tests' backends.</summary>
[McpServerToolType]
internal sealed class BackendTools(IHttpContextAccessor http)
{
    [McpServerTool(Name = "whoami"), Description("The X-User-Sub header of this call, or 'anonymous'.")]
    public string WhoAmI() =>
        http.HttpContext!.Request.Headers.TryGetValue("X-User-Sub", out var subject) ? subject.ToString() : "anonymous";

    [McpServerTool(Name = "ping"), Description("Returns 'pong'.")]
    public static string Ping() => "pong";

    /// <summary>
    /// What the tool 'count' waits for, by the id that it is called with: the client may end a call before it hands out progress.
    /// </summary>
    public static ConcurrentDictionary<string, TaskCompletionSource> Reported { get; } = new();

    [McpServerTool(Name = "count"), Description("Reports its progress once, and returns the X-User-Sub header when that has arrived.")]
    public async Task<string> CountAsync(string id, IProgress<ProgressNotificationValue> progress, CancellationToken cancellationToken)
    {
        progress.Report(new ProgressNotificationValue { Progress = 1, Message = WhoAmI() });
        await Reported[id].Task.WaitAsync(cancellationToken);
        return WhoAmI();
    }

    [McpServerTool(Name = "ask"), Description("Asks the user through the client, and returns the user's action.")]
    public static async Task<string> AskAsync(McpServer server, CancellationToken cancellationToken)
    {
        ElicitResult result = await server.ElicitAsync(Question(), cancellationToken);
        return result.Action;
    }

    [McpServerTool(Name = "confirm"), Description("Asks as protocol 2026-07-28 does: the client calls again, with the user's response.")]
    public static string Confirm(RequestContext<CallToolRequestParams> call) => call.Params!.InputResponses is null
        ? throw new InputRequiredException(new Dictionary<string, InputRequest> { ["question"] = InputRequest.ForElicitation(Question()) })
        : "confirmed";

    private static ElicitRequestParams Question() =>
        new() { Message = "Go on?", RequestedSchema = new ElicitRequestParams.RequestSchema() };
}
