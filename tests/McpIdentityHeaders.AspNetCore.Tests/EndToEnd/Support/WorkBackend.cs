using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A backend with slow and failing tools, which a test can observe.</summary>
internal static class WorkBackend
{
    public static Task<RunningApp> StartAsync(WorkLog log, HttpServerSessionMode mode)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(log);
        builder.Services.AddMcpServer().WithHttpTransport(http => http.SessionMode = mode).WithTools<WorkTools>();

        WebApplication app = builder.Build();
        app.MapMcp("/mcp");
        return RunningApp.StartAsync(app);
    }
}
