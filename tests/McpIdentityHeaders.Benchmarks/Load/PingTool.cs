using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Benchmarks.Load;

[McpServerToolType]
internal sealed class PingTool
{
    [McpServerTool(Name = LoadServers.Tool)]
    public static string Ping() => "pong";
}
