using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;

namespace Quickstart;

/// <summary>A real MCP server on a loopback port that the system picks. It knows nothing of the library: it reads plain headers.</summary>
internal sealed class WhoAmIServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WhoAmIServer(WebApplication app, string name, string protocol)
    {
        _app = app;
        Name = name;
        Protocol = protocol;
        Endpoint = new Uri(new Uri(app.Urls.Single()), "/mcp");
    }

    public string Name { get; }

    /// <summary>Gets the protocol that a client must agree on with this server.</summary>
    public string Protocol { get; }

    public Uri Endpoint { get; }

    /// <summary>Every request stands alone: what protocol 2026-07-28 is made for.</summary>
    public static Task<WhoAmIServer> StartStatelessAsync() =>
        StartAsync("stateless server", "2026-07-28", HttpServerSessionMode.Stateless);

    /// <summary>Every client has a session, which the server keeps: the last protocol that has them.</summary>
    public static Task<WhoAmIServer> StartStatefulAsync() =>
        StartAsync("server with sessions", "2025-11-25", HttpServerSessionMode.Stateful);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<WhoAmIServer> StartAsync(string name, string protocol, HttpServerSessionMode mode)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddMcpServer().WithHttpTransport(options => options.SessionMode = mode).WithTools<WhoAmITool>();

        WebApplication app = builder.Build();
        app.MapMcp("/mcp");
        await app.StartAsync();
        return new WhoAmIServer(app, name, protocol);
    }
}
