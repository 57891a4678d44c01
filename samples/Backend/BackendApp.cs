using McpIdentityHeaders.AspNetCore;

namespace Backend;

/// <summary>The whole backend: where its users come from, its tools, and its endpoints.</summary>
public static class BackendApp
{
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ContentRootPath = Path.Combine(AppContext.BaseDirectory, "Backend.settings"),
        });

        // 1. Who the user is: what a trusted gateway says in headers, or what it has signed, and nothing else. No gateway is trusted by
        //    default, so without settings the program does not start.
        if (builder.Configuration.GetSection("IdentityAssertion") is var assertion && assertion.Exists())
        {
            builder.Services.AddAuthentication(IdentityAssertionDefaults.AuthenticationScheme).AddIdentityAssertion(assertion);
        }
        else
        {
            builder.Services
                .AddAuthentication(IdentityHeadersDefaults.AuthenticationScheme)
                .AddIdentityHeaders(builder.Configuration.GetSection("IdentityHeaders"));
        }

        builder.Services.AddAuthorization();

        // 2. What users can do. [Authorize] on tools is kept by AddAuthorizationFilters, in tools/list as well.
        builder.Services.AddSingleton<NoteStore>();
        builder.Services.AddSingleton<CallAudit>();
        builder.Services
            .AddMcpServer()
            .WithHttpTransport()
            .AddAuthorizationFilters()
            .WithTools<IdentityTools>()
            .WithTools<NoteTools>()
            .WithCallAudit();

        // 3. Where it can be reached, under which names, and from which web pages: none, unless AllowedOrigins names them.
        builder.AddBrowserAccess();
        builder.Services.AddHealthChecks();

        WebApplication app = builder.Build();
        app.UseBrowserAccess();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapMcp("/mcp").RequireAuthorization();
        app.MapHealthChecks("/health");
        return app;
    }
}
