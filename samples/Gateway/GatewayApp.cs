using Gateway.Backends;
using Gateway.Features;
using Gateway.Sessions;
using Gateway.SignIn;
using Microsoft.Extensions.Options;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;

namespace Gateway;

/// <summary>The whole gateway: who its callers are, which backends it has, and how calls get from the one to the other.</summary>
public static class GatewayApp
{
    public static WebApplication Create(string[] args) => Build(CreateBuilder(args));

    internal static WebApplicationBuilder CreateBuilder(string[] args) => WebApplication.CreateBuilder(new WebApplicationOptions
    {
        Args = args,
        ContentRootPath = Path.Combine(AppContext.BaseDirectory, "Gateway.settings"),
    });

    internal static WebApplication Build(WebApplicationBuilder builder)
    {
        IServiceCollection services = builder.Services;
        OidcSettings oidc = OidcSettings.Read(builder.Configuration, builder.Environment);
        PublicUrl publicUrl = PublicUrl.Read(builder.Configuration, oidc, builder.Environment);
        OriginCheck origins = OriginCheck.Read(builder.Configuration, publicUrl, builder.Environment);
        BackendDirectory backends = BackendDirectory.Read(builder.Configuration);
        GatewayLimits limits = GatewayLimits.Read(builder.Configuration);
        var sessionLimit = new SessionLimit(limits);
        var sessions = new CallerSessions(sessionLimit);

        // 1. Who the caller is: a token of the issuer's, made for this gateway and no other. Who has none is told where to get it.
        services.AddSignIn(oidc, publicUrl);

        // 2. The backends: each an MCP client that says in headers who the user is, on every request. The token itself stays here.
        foreach (string prefix in backends.Prefixes)
        {
            services.Configure<HttpClientTransportOptions>(prefix, transport => transport.TransportMode = HttpTransportMode.StreamableHttp);
            IHttpClientBuilder client = services.AddMcpClient(prefix, backends.SectionOf(prefix))
                // How long a tool may take is for its caller to say.
                .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan)
                .AddHttpMessageHandler(() => new ResponseLimitHandler(limits.ResponseBytes))
                // What fails is logged once, with the backend's prefix.
                .RemoveAllLoggers()
                .ConfigurePool(pool => pool.SessionKeyClaimTypes.Add(ClientProfile.ClaimType))
                .AddClaimInjection(builder.Configuration.GetSection("Identity"));

            // Its secret: each backend has its own, or none. A section that is missing would be refused.
            if (backends.SectionOf(prefix).GetSection("Identity") is var identity && identity.Exists())
            {
                client.AddClaimInjection(identity);
            }

            // What is signed for it, where it believes no header.
            if (backends.AssertionOf(prefix) is { } assertion)
            {
                client.AddIdentityAssertion(assertion);
            }
        }

        services.AddHttpContextIdentity();
        services.AddSingleton<ClientProfile>();
        services.AddSingleton<IConfigureOptions<McpClientOptions>>(provider => provider.GetRequiredService<ClientProfile>());

        // 3. The MCP server in front of them. It has sessions for clients that need them, and none for those of protocol 2026-07-28.
        services.AddSingleton(backends);
        services.AddHttpContextAccessor();
        services.AddSingleton(limits);
        services.AddSingleton(sessions);
        services.AddFeatures();
        services
            .AddMcpServer()
            .WithHttpTransport(options =>
            {
                options.SessionMode = HttpServerSessionMode.StatefulForInitializeClients;
#pragma warning disable MCP9006, MCPEXP002 // Older clients have sessions, and what bounds those may change with the SDK.
                options.IdleTimeout = limits.SessionIdleTimeout;
                options.RunSessionHandler = sessions.RunAsync;
#pragma warning restore MCP9006, MCPEXP002
            })
            .WithUserIdentity();

        // 4. Ready where the backends answer; alive where the gateway itself does.
        services.AddHttpClient(nameof(BackendHealthCheck)).ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            // A backend must not have the gateway ask elsewhere.
            AllowAutoRedirect = false,
            UseCookies = false,
        });
        services.AddHealthChecks().AddCheck<BackendHealthCheck>("backends");

        // 5. On a developer's machine it goes by the machine's own names: no web page may come by another. Elsewhere, AllowedHosts says.
        if (builder.Environment.IsDevelopment())
        {
            builder.Configuration["AllowedHosts"] ??= "localhost;127.0.0.1;[::1]";
        }

        // 6. The pipeline. What outsiders claim to be goes first, and after it comes who they are.
        WebApplication app = builder.Build();
        app.UseIdentityHeaderStripping();
        app.UseRouting();
        app.Use(origins.InvokeAsync);
        app.Use(new RequestLimit(limits).InvokeAsync);
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(sessionLimit.InvokeAsync);
        app.Use(sessions.InvokeAsync);
        app.Use(app.Services.GetRequiredService<BackendTools>().InvokeAsync);
        app.Use(new MalformedRequests(app.Services.GetRequiredService<ILogger<MalformedRequests>>()).InvokeAsync);
        app.MapMcp("/mcp").RequireAuthorization();
        if (backends.Prefixes.Any(prefix => backends.AssertionOf(prefix) is not null))
        {
            app.MapIdentityAssertionKeys();
        }

        app.MapHealthChecks("/health");
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false });
        return app;
    }
}
