using McpIdentityHeaders;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.AspNetCore.Authentication;

namespace Gateway;

public static class GatewayApp
{
    /// <summary>Makes the gateway. It does not start without backends, and outside Development not without a real issuer.</summary>
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        string[] prefixes = BackendPrefixes.Read(builder.Configuration.GetSection("Backends"));

        // 1. Who is it? A bearer token of the issuer's says so. Whoever comes without one is told where to get it (RFC 9728).
        builder.Services
            .AddAuthentication(options =>
            {
                options.DefaultAuthenticateScheme = JwtBearerDefaults.AuthenticationScheme;
                options.DefaultChallengeScheme = McpAuthenticationDefaults.AuthenticationScheme;
            })
            .AddIssuer(builder.Configuration.GetSection("Oidc"), builder.Environment);
        builder.Services.AddAuthorization();

        // 2. The backends: an MCP client for each, whose requests carry the user's identity. A request of nobody's is a mistake here.
        foreach (string prefix in prefixes)
        {
            builder.Services.AddMcpClient(prefix, builder.Configuration.GetSection($"Backends:{prefix}"))
                .AddClaimInjection(options =>
                {
                    options.MissingIdentity = MissingIdentityBehavior.Reject;
                    options.Headers.Add("X-User-Issuer", "iss");
                    options.Headers.Add(new ClaimHeader("X-User-Roles", "roles") { Format = ClaimValueFormat.CommaSeparated });
                })
                .AddClaimInjection(builder.Configuration.GetSection("Identity"));
        }

        // 3. The server: it lists the backends' tools, and forwards calls as whoever makes them.
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ToolForwarder>(services, (object)prefixes));
        builder.Services.AddMcpServer()
            .WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.StatefulForInitializeClients)
            .WithUserIdentity()
            .WithListToolsHandler((context, cancellationToken) => Forwarder(context.Services).ListAsync(cancellationToken))
            .WithCallToolHandler((context, cancellationToken) => Forwarder(context.Services).CallAsync(context, cancellationToken));
        builder.Services.AddHttpContextIdentity();
        builder.Services.AddBackendHealthChecks(prefixes);

        // 4. The pipeline: what outsiders claim to be goes first.
        WebApplication app = builder.Build();
        app.UseIdentityHeaderStripping();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapBackendHealthChecks();
        app.MapDevelopmentIssuer();
        app.MapMcp("/mcp").RequireAuthorization();
        return app;

        static ToolForwarder Forwarder(IServiceProvider? services) => services!.GetRequiredService<ToolForwarder>();
    }
}
