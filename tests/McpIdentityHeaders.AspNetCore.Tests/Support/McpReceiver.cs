using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A backend of the MCP SDK that knows its users by identity headers, and the library's clients for it.</summary>
internal static class McpReceiver
{
    /// <summary>At /mcp, with the tools of <see cref="RoleTools"/>, their authorization, and roles and issuer among the headers.</summary>
    public static Task<ReceivingHost> StartAsync(
        McpBackendKind kind, bool needsUser = false, Action<IdentityHeadersOptions>? configure = null) => ReceivingHost.StartAsync(
        schemes => schemes.AddIdentityHeaders(options =>
        {
            ReceivingServer.TrustLoopback(options);
            AddHeaders(options.Headers);
            configure?.Invoke(options);
        }),
        services: services => services.AddMcpServer()
            .WithHttpTransport(transport => transport.SessionMode =
                kind == McpBackendKind.Sessions ? HttpServerSessionMode.Stateful : HttpServerSessionMode.Stateless)
            .AddAuthorizationFilters()
            .WithTools<RoleTools>(),
        map: app =>
        {
            IEndpointConventionBuilder mcp = app.MapMcp("/mcp");
            if (needsUser)
            {
                mcp.RequireAuthorization();
            }
        });

    /// <summary>Services with a client that sends the same headers.</summary>
    public static ServiceProvider NewClients(ReceivingHost host, McpBackendKind kind)
    {
        var services = new ServiceCollection();
        services.AddMcpClient(McpTesting.ClientName, new Uri(host.Uri, "/mcp")).AddClaimInjection(options => AddHeaders(options.Headers));
        services.Configure<McpClientOptions>(McpTesting.ClientName, options =>
            options.ProtocolVersion = kind == McpBackendKind.Stateless ? "2026-07-28" : "2025-11-25");
        return services.BuildServiceProvider(validateScopes: true);
    }

    /// <summary>Makes a user of these roles.</summary>
    public static ClaimsPrincipal User(string subject, params string[] roles) =>
        Users.With([("sub", subject), ("name", $"{subject} \u5C71"), .. roles.Select(role => ("roles", role))]);

    /// <summary>Adds roles and issuer to a map.</summary>
    public static void AddHeaders(ClaimHeaderCollection headers)
    {
        headers.Add(new ClaimHeader("X-User-Roles", "roles") { Format = ClaimValueFormat.CommaSeparated });
        headers.Add("X-User-Issuer", "iss");
    }
}
