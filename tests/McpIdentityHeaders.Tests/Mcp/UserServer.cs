using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>A real MCP server of the C# SDK that its users call, with tools that return the caller.</summary>
internal sealed class UserServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly UserServerKind _kind;
    private readonly List<IAsyncDisposable> _streams = [];

    private UserServer(WebApplication app, UserServerKind kind)
    {
        _app = app;
        _kind = kind;
    }

    public ObservedRequests ObservedRequests => _app.Services.GetRequiredService<ObservedRequests>();

    /// <param name="kind">How messages come to it.</param>
    /// <param name="mcp">Configures it; by default with WithUserIdentity.</param>
    /// <param name="before">Middleware in front of the MCP endpoint, behind authentication.</param>
    /// <param name="held">Where its tools wait.</param>
    /// <param name="signIn">Its authentication, if it is not Caller's.</param>
    public static async Task<UserServer> StartAsync(
        UserServerKind kind,
        Action<IMcpServerBuilder>? mcp = null,
        Func<HttpContext, RequestDelegate, Task>? before = null,
        AsyncGate? held = null,
        Func<HttpContext, RequestDelegate, Task>? signIn = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<ObservedRequests>().AddSingleton(held ?? new AsyncGate());
        IMcpServerBuilder server = builder.Services.AddMcpServer()
            .WithHttpTransport(options => Configure(options, kind))
            .WithTools<UserTools>().WithPrompts<UserPrompts>().WithResources<UserResources>();
        if (signIn is null)
        {
            server.WithMessageFilters(
                filters => filters.AddIncomingFilter(kind == UserServerKind.Streams ? Caller.SignIn : Caller.SignOutAnonymous));
        }

        (mcp ?? (made => made.WithUserIdentity()))(server);

        WebApplication app = builder.Build();
        app.Use((context, next) => (signIn ?? Caller.SignInAsync)(context, next));
        if (before is not null)
        {
            app.Use((context, next) => before(context, next));
        }

        app.MapMcp("/mcp");
        if (kind != UserServerKind.Streams)
        {
            await app.StartAsync();
        }

        return new UserServer(app, kind);
    }

    /// <summary>Connects a client of the SDK's own.</summary>
    public Task<McpClient> ConnectAsync(Caller caller, Action<McpClientOptions>? configure = null)
    {
        var options = new McpClientOptions { ProtocolVersion = _kind == UserServerKind.Stateless ? "2026-07-28" : "2025-11-25" };
        configure?.Invoke(options);
        return McpClient.CreateAsync(_kind == UserServerKind.Streams ? RunStreams(caller) : NewTransport(caller), options);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable stream in _streams)
        {
            await stream.DisposeAsync();
        }

        using var now = new CancellationTokenSource();
        await now.CancelAsync();

        // Streams of sessions that a test left open would otherwise hold the shutdown up.
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static void Configure(HttpServerTransportOptions options, UserServerKind kind)
    {
        options.SessionMode = kind is UserServerKind.Stateless or UserServerKind.OlderStateless
            ? HttpServerSessionMode.Stateless
            : HttpServerSessionMode.Stateful;
#pragma warning disable MCP9004, MCP9006 // Marked obsolete by the SDK, and still what many servers have.
        options.EnableLegacySse = kind == UserServerKind.LegacySse;
        options.PerSessionExecutionContext = kind == UserServerKind.SessionsOfOneFlow;
#pragma warning restore MCP9004, MCP9006
    }

    private HttpClientTransport NewTransport(Caller caller) => new(
        new HttpClientTransportOptions
        {
            Endpoint = new Uri(new Uri(_app.Urls.Single()), _kind == UserServerKind.LegacySse ? "/mcp/sse" : "/mcp"),
            TransportMode = _kind == UserServerKind.LegacySse ? HttpTransportMode.Sse : HttpTransportMode.StreamableHttp,
        },
        new HttpClient(caller.NewHandler()),
        ownsHttpClient: true);

    private StreamClientTransport RunStreams(Caller caller)
    {
        Pipe toServer = new(), toClient = new();
        McpServer server = McpServer.Create(
            new StreamServerTransport(toServer.Reader.AsStream(), toClient.Writer.AsStream()),
            _app.Services.GetRequiredService<IOptions<McpServerOptions>>().Value,
            _app.Services.GetRequiredService<ILoggerFactory>(),
            _app.Services);
        _streams.Add(server);
        _ = Task.Run(() =>
        {
            caller.EnterStreams();
            return server.RunAsync();
        });
        return new StreamClientTransport(toServer.Writer.AsStream(), toClient.Reader.AsStream());
    }
}
