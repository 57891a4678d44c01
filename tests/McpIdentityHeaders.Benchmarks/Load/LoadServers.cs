using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// A gateway and a backend that differ only in identity, to isolate its cost: both gateways validate the user's token and forward a call
/// through the pool.
/// </summary>
internal static class LoadServers
{
    public const string Tool = "ping";

    private const string Issuer = "https://issuer.invalid";
    private const string Audience = "gateway";

    private static readonly SymmetricSecurityKey Key = new(RandomNumberGenerator.GetBytes(32));

    /// <summary>
    /// Gets settings of the samples by which they log nothing, as the other servers do. The samples set levels for these categories, which
    /// would count more than that of all.
    /// </summary>
    public static IReadOnlyDictionary<string, string?> Silence { get; } = new Dictionary<string, string?>
    {
        ["Logging:LogLevel:Default"] = "None",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "None",
        ["Logging:LogLevel:ModelContextProtocol.Client"] = "None",
        ["Logging:LogLevel:ModelContextProtocol.Server"] = "None",
        ["Logging:LogLevel:System.Net.Http.HttpClient"] = "None",
        ["Logging:LogLevel:Yarp"] = "None",
    };

    public static Uri EndpointOf(WebApplication server) => new($"{server.Urls.Single()}/mcp");

    public static Dictionary<string, string> BearerOf(int user) => new()
    {
        ["Authorization"] = "Bearer " + new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            Claims = new Dictionary<string, object>
            {
                ["sub"] = $"user-{user}",
                ["email"] = $"user-{user}@example.com",
                ["name"] = $"User {user}",
                ["sid"] = Guid.NewGuid().ToString(),
                ["scope"] = "openid profile email",
            },
            SigningCredentials = new SigningCredentials(Key, SecurityAlgorithms.HmacSha256),
        }),
    };

    public static Task<WebApplication> StartBackendAsync(bool identity, HttpServerSessionMode? sessions = null) => StartAsync(
        services =>
        {
            services.AddMcpServer()
                .WithHttpTransport(options => options.SessionMode = sessions ?? options.SessionMode)
                .WithTools<PingTool>();
            services.AddAuthorization();
            if (identity)
            {
                services.AddAuthentication().AddIdentityHeaders(options => options.TrustedPeers.Add("loopback"));
            }
        },
        app =>
        {
            IEndpointConventionBuilder mcp = app.MapMcp("/mcp");
            if (identity)
            {
                mcp.RequireAuthorization();
            }
        });

    public static Task<WebApplication> StartGatewayAsync(WebApplication backend, bool identity) => StartAsync(
        services =>
        {
            services.AddAuthentication().AddJwtBearer(options =>
            {
                options.MapInboundClaims = false;
                options.TokenValidationParameters = new TokenValidationParameters
                {
                    ValidIssuer = Issuer,
                    ValidAudience = Audience,
                    IssuerSigningKey = Key,
                };
            });
            services.AddAuthorization();

            IHttpClientBuilder client = services.AddMcpClient("backend", EndpointOf(backend));
            services.AddMcpServer().WithHttpTransport().WithUserIdentity().WithCallToolHandler(ForwardAsync);
            if (identity)
            {
                client.AddClaimInjection();
                services.AddHttpContextIdentity();
            }
        },
        app =>
        {
            if (identity)
            {
                app.UseIdentityHeaderStripping();
            }

            app.UseAuthentication();
            app.UseAuthorization();
            app.MapMcp("/mcp").RequireAuthorization();
        });

    private static async ValueTask<CallToolResult> ForwardAsync(
        RequestContext<CallToolRequestParams> call, CancellationToken cancellationToken)
    {
        var clients = call.Services!.GetRequiredService<IMcpClientPool>();
        await using McpClientLease lease = await clients.RentAsync("backend", cancellationToken);
        return await lease.Client.CallToolAsync(call.Params!.Name, cancellationToken: cancellationToken);
    }

    private static async Task<WebApplication> StartAsync(Action<IServiceCollection> register, Action<WebApplication> map)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        register(builder.Services);

        WebApplication app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}
