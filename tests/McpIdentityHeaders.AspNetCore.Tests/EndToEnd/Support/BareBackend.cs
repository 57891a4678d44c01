using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>Backends that do as a test says.</summary>
internal static class BareBackend
{
    /// <summary>Starts one that answers every request in the same way.</summary>
    public static Task<RunningApp> StartAsync(RequestDelegate answer) => StartAsync(_ => { }, app => app.Run(answer));

    /// <summary>Starts an MCP server.</summary>
    public static Task<RunningApp> StartAsync(
        Action<IMcpServerBuilder> configure, HttpServerSessionMode mode = HttpServerSessionMode.Stateless) => StartAsync(
            services => configure(services.AddMcpServer().WithHttpTransport(http => http.SessionMode = mode)),
            app => app.MapMcp("/mcp"));

    private static Task<RunningApp> StartAsync(Action<IServiceCollection> configure, Action<WebApplication> map)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        configure(builder.Services);

        WebApplication app = builder.Build();
        map(app);
        return RunningApp.StartAsync(app);
    }
}
