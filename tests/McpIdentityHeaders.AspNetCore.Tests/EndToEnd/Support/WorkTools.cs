using System.ComponentModel;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>Tools that take their time or fail.</summary>
[McpServerToolType]
internal sealed class WorkTools(WorkLog log)
{
    [McpServerTool(Name = "count"), Description("Reports three steps, each when the one before has been heard of, and then answers.")]
    public async Task<string> CountAsync(RequestContext<CallToolRequestParams> call, CancellationToken cancellationToken)
    {
        ProgressToken token = call.Params!.ProgressToken!.Value;
        for (int step = 1; step <= 3; step++)
        {
            var report = new ProgressNotificationValue { Progress = step, Total = 3, Message = $"step {step}" };
            await call.Server.NotifyProgressAsync(token, report, cancellationToken: cancellationToken);

            // A client of the SDK handles messages at the same time: reports can overtake each other, and the answer can overtake them.
            await log.Heard.WaitAsync(cancellationToken);
        }

        return "counted";
    }

    [McpServerTool(Name = "wait"), Description("Waits until it is cancelled.")]
    public async Task<string> WaitAsync(CancellationToken cancellationToken)
    {
        await log.WaitAsync(cancellationToken);
        return "waited in vain";
    }

    [McpServerTool(Name = "fail"), Description("Fails, as a tool does.")]
    public static string Fail() => throw new McpException("The disk is full.");

    [McpServerTool(Name = "refuse"), Description("Fails, as the protocol does.")]
    public static string Refuse() => throw new McpProtocolException("No such thing.", McpErrorCode.InvalidParams);

    [McpServerTool(Name = "cite"), Description("Answers with a link to a resource, and with the resource.")]
    public static IEnumerable<ContentBlock> Cite() =>
    [
        new ResourceLinkBlock { Uri = WorkResources.Manual, Name = "manual" },
        new EmbeddedResourceBlock { Resource = new TextResourceContents { Uri = WorkResources.Manual, Text = "Read me." } },
    ];

    [McpServerTool(Name = "hurry"), Description("Reports three steps at once, and answers.")]
    public static async Task<string> HurryAsync(RequestContext<CallToolRequestParams> call, CancellationToken cancellationToken)
    {
        for (int step = 1; step <= 3; step++)
        {
            var report = new ProgressNotificationValue { Progress = step, Total = 3 };
            await call.Server.NotifyProgressAsync(call.Params!.ProgressToken!.Value, report, cancellationToken: cancellationToken);
        }

        return "done";
    }

#pragma warning disable MCP9005 // Deprecated by the SDK, and still what backends do.
    [McpServerTool(Name = "log"), Description("Logs, and answers with the level that is asked for.")]
    public static async Task<string> LogAsync(RequestContext<CallToolRequestParams> call, CancellationToken cancellationToken)
    {
        await call.Server.SendNotificationAsync(
            NotificationMethods.LoggingMessageNotification,
            new LoggingMessageNotificationParams { Level = LoggingLevel.Error, Data = JsonSerializer.SerializeToElement("full") },
            cancellationToken: cancellationToken);
        return $"{call.JsonRpcRequest.Context?.LogLevel ?? call.Server.LoggingLevel}";
    }
#pragma warning restore MCP9005
}
