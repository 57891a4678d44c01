using McpIdentityHeaders;
using ModelContextProtocol.AspNetCore;

namespace Backend;

public static class BackendApp
{
    /// <summary>Makes the server. It does not start before <c>IdentityHeaders</c> says who may speak for users.</summary>
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

        // 1. Who is it? The headers' user, of a peer that the settings trust. The map is the gateway's, word for word.
        builder.Services.AddAuthentication()
            .AddIdentityHeaders(options =>
            {
                options.Headers.Add("X-User-Issuer", "iss");
                options.Headers.Add(new ClaimHeader("X-User-Roles", "roles") { Format = ClaimValueFormat.CommaSeparated });
            })
            .AddIdentityHeaders(builder.Configuration.GetSection("IdentityHeaders"));

        // 2. What may they do? From here on it is ASP.NET Core's authorization, on the endpoint and on tools.
        builder.Services.AddAuthorization();
        builder.Services.AddMcpServer()
            .WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.StatefulForInitializeClients)
            .AddAuthorizationFilters()
            .WithAuditLog()
            .WithTools<NoteTools>()
            .WithTools<AdminTools>()
            .WithTools<WhoAmITool>();

        builder.Services.AddSingleton<NoteStore>();
        builder.Services.AddHealthChecks();

        WebApplication app = builder.Build();
        app.MapHealthChecks("/health");
        app.MapMcp("/mcp").RequireAuthorization();
        return app;
    }
}
