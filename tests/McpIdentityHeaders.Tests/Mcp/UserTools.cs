using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Tools that say whom they run for.</summary>
[McpServerToolType]
internal sealed class UserTools
{
    [McpServerTool(Name = "who")]
    public static async Task<string> WhoAsync()
    {
        string before = Who.Ambient;
        await Task.Yield();
        return Both(before);
    }

    [McpServerTool(Name = "hold")]
    public static async Task<string> HoldAsync(Held held)
    {
        string before = Who.Ambient;
        await held.WaitAsync();
        return Both(before);
    }

    [McpServerTool(Name = "start")]
    public static string Start(Held held, Sightings sightings)
    {
        _ = Task.Run(async () =>
        {
            await held.WaitAsync();
            sightings.Add("background");
        });
        return Who.Ambient;
    }

    [McpServerTool(Name = "fail")]
    public static string Fail() => throw new InvalidOperationException(Who.Ambient);

    [McpServerTool(Name = "ask")]
    public static async Task<string> AskAsync(McpServer server, CancellationToken cancellationToken)
    {
        string before = Who.Ambient;
        await server.ElicitAsync(new ElicitRequestParams { Message = "Go on?", RequestedSchema = new() }, cancellationToken);
        return Both(before);
    }

    private static string Both(string before) => before == Who.Ambient ? before : $"{before}, then {Who.Ambient}";
}
