using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>An MCP server with sessions that prints its endpoint.</summary>
internal static class LoopbackServer
{
    public static async Task RunAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddMcpServer()
            .WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.Stateful)
            .WithTools([McpServerTool.Create(() => "pong", new McpServerToolCreateOptions { Name = "ping" })]);

        await using WebApplication app = builder.Build();
        app.MapMcp("/mcp");
        await app.StartAsync();
        Console.WriteLine(new Uri(new Uri(app.Urls.Single()), "/mcp"));
        await app.WaitForShutdownAsync();
    }
}
