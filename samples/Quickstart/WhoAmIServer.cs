using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using ModelContextProtocol.AspNetCore;

namespace Quickstart;

/// <summary>
/// A real MCP server on a loopback port that the system picks. One verifies assertions; the others know nothing of the library, and read
/// plain headers.
/// </summary>
internal sealed class WhoAmIServer : IAsyncDisposable
{
    /// <summary>Who signs for users, for the server that verifies.</summary>
    public const string Issuer = "https://quickstart.example.com";

    /// <summary>The server that verifies, as its assertions name it.</summary>
    public const string Audience = "https://verifying.example.com";

    private const string StatelessProtocol = "2026-07-28";

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

    /// <summary>Gets whether it accepts signed assertions alone.</summary>
    public bool Verifies { get; private init; }

    /// <summary>Every request stands alone: what protocol 2026-07-28 is made for.</summary>
    public static Task<WhoAmIServer> StartStatelessAsync() =>
        StartAsync("stateless server", StatelessProtocol, HttpServerSessionMode.Stateless);

    /// <summary>Every client has a session, which the server keeps: the last protocol that has them.</summary>
    public static Task<WhoAmIServer> StartStatefulAsync() =>
        StartAsync("server with sessions", "2025-11-25", HttpServerSessionMode.Stateful);

    /// <summary>It believes no header, and no peer: only what was signed by this key, for itself.</summary>
    public static Task<WhoAmIServer> StartVerifyingAsync(SecurityKey publicKey) =>
        StartAsync("server that verifies", StatelessProtocol, HttpServerSessionMode.Stateless, publicKey);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<WhoAmIServer> StartAsync(
        string name, string protocol, HttpServerSessionMode mode, SecurityKey? publicKey = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddMcpServer().WithHttpTransport(options => options.SessionMode = mode).WithTools<WhoAmITool>();
        if (publicKey is not null)
        {
            builder.Services.AddAuthentication().AddIdentityAssertion(options =>
            {
                options.Issuer = Issuer;
                options.Audience = Audience;
                options.Keys.Add(publicKey);
            });
        }

        ArrivalFilter.AddTo(builder.Services);
        WebApplication app = builder.Build();
        if (publicKey is not null)
        {
            app.UseAuthentication();
        }

        app.MapMcp("/mcp");
        await app.StartAsync();
        return new WhoAmIServer(app, name, protocol) { Verifies = publicKey is not null };
    }
}
