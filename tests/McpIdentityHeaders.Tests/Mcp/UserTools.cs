using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Tools that return their user.</summary>
[McpServerToolType]
internal sealed class UserTools
{
    [McpServerTool(Name = "who")]
    public static async Task<string> WhoAsync()
    {
        string before = UserNames.Ambient;
        await Task.Yield();
        return Both(before);
    }

    [McpServerTool(Name = "hold")]
    public static async Task<string> HoldAsync(AsyncGate held)
    {
        string before = UserNames.Ambient;
        await held.WaitAsync();
        return Both(before);
    }

    [McpServerTool(Name = "start")]
    public static string Start(AsyncGate held, ObservedRequests sightings)
    {
        _ = Task.Run(async () =>
        {
            await held.WaitAsync();
            sightings.Add("background");
        });
        return UserNames.Ambient;
    }

    [McpServerTool(Name = "fail")]
    public static string Fail() => throw new InvalidOperationException(UserNames.Ambient);

    [McpServerTool(Name = "ask")]
    public static async Task<string> AskAsync(McpServer server, CancellationToken cancellationToken)
    {
        string before = UserNames.Ambient;
        await server.ElicitAsync(new ElicitRequestParams { Message = "Go on?", RequestedSchema = new() }, cancellationToken);
        return Both(before);
    }

    private static string Both(string before) => before == UserNames.Ambient ? before : $"{before}, then {UserNames.Ambient}";
}
