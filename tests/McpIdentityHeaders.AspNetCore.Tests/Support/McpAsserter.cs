using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A backend of the MCP SDK that knows its users by assertions, and the library's clients for it.</summary>
internal static class McpAsserter
{
    /// <summary>At /mcp, with the tools of <see cref="RoleTools"/> and their authorization.</summary>
    public static Task<AssertionHosts> StartAsync(
        McpBackendKind kind, bool needsUser = false, Action<ReceivedAssertionOptions>? receive = null) => AssertionHosts.StartAsync(
            receive: options =>
            {
                AddHeaders(options.Headers);
                receive?.Invoke(options);
            },
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

    /// <summary>Services with a client that sends assertions, with the key that the host publishes.</summary>
    public static ServiceProvider NewClients(AssertionHosts hosts, McpBackendKind kind, Action<IdentityAssertionOptions>? send = null)
    {
        var services = new ServiceCollection();
        services.AddMcpClient(McpTesting.ClientName, new Uri(hosts.Backend, "/mcp"))
            .AddClaimInjection(options => AddHeaders(options.Headers))
            .AddIdentityAssertion(options =>
            {
                options.Issuer = AssertionHosts.NameOf(hosts.Issuer);
                options.Keys.Add(new SigningCredentials(new ECDsaSecurityKey(hosts.Key), SecurityAlgorithms.EcdsaSha256));
                send?.Invoke(options);
            });
        services.Configure<McpClientOptions>(McpTesting.ClientName, options =>
            options.ProtocolVersion = kind == McpBackendKind.Stateless ? "2026-07-28" : "2025-11-25");
        return services.BuildServiceProvider(validateScopes: true);
    }

    private static void AddHeaders(ClaimHeaderCollection headers) =>
        headers.Add(new ClaimHeader("X-User-Roles", "roles") { Format = ClaimValueFormat.CommaSeparated });
}
