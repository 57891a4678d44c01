using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>
/// A backend of the MCP SDK at /mcp with the tools of <see cref="RoleTools"/> and their authorization, which knows its users by identity
/// headers or by assertions, and the library's clients for it. Roles and issuer are among the headers.
/// </summary>
internal static class McpReceiver
{
    /// <summary>A backend that knows its users by identity headers.</summary>
    public static Task<ReceivingHost> StartAsync(
        McpBackendKind kind, bool needsUser = false, Action<IdentityHeadersOptions>? configure = null) => ReceivingHost.StartAsync(
        schemes => schemes.AddIdentityHeaders(options =>
        {
            ReceivingServer.TrustLoopback(options);
            AddHeaders(options.Headers);
            configure?.Invoke(options);
        }),
        services: services => AddTools(services, kind),
        map: app => MapTools(app, needsUser));

    /// <summary>A backend that knows its users by assertions.</summary>
    public static Task<AssertionHosts> StartSignedAsync(
        McpBackendKind kind, bool needsUser = false, Action<ReceivedAssertionOptions>? receive = null) => AssertionHosts.StartAsync(
        receive: options =>
        {
            AddHeaders(options.Headers);
            receive?.Invoke(options);
        },
        services: services => AddTools(services, kind),
        map: app => MapTools(app, needsUser));

    /// <summary>Services with a client that sends the same headers.</summary>
    public static ServiceProvider NewClients(ReceivingHost host, McpBackendKind kind) => NewClients(host.Uri, kind);

    /// <summary>Services with a client that sends assertions, with the key that the host publishes.</summary>
    public static ServiceProvider NewClients(AssertionHosts hosts, McpBackendKind kind, Action<IdentityAssertionOptions>? send = null) =>
        NewClients(hosts.Backend, kind, client => client.AddIdentityAssertion(options =>
        {
            options.Issuer = AssertionHosts.NameOf(hosts.Issuer);
            options.Keys.Add(new SigningCredentials(new ECDsaSecurityKey(hosts.Key), SecurityAlgorithms.EcdsaSha256));
            send?.Invoke(options);
        }));

    /// <summary>Calls the tool whoami by hand, in a session.</summary>
    /// <param name="backend">The backend's address.</param>
    /// <param name="sessionId">The session.</param>
    /// <param name="identify">Adds what says who calls.</param>
    public static async Task<HttpResponseMessage> CallAsync(Uri backend, string sessionId, Action<HttpRequestMessage> identify)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(backend, "/mcp"))
        {
            Content = new StringContent(
                """{"jsonrpc":"2.0","id":99,"method":"tools/call","params":{"name":"whoami","arguments":{}}}""",
                Encoding.UTF8,
                "application/json"),
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("MCP-Protocol-Version", "2025-11-25");
        return await SendAsync(request, sessionId, identify);
    }

    /// <summary>Ends a session by hand.</summary>
    /// <inheritdoc cref="CallAsync"/>
    public static async Task<HttpResponseMessage> EndAsync(Uri backend, string sessionId, Action<HttpRequestMessage> identify)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, new Uri(backend, "/mcp"));
        return await SendAsync(request, sessionId, identify);
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

    private static void AddTools(IServiceCollection services, McpBackendKind kind) => services.AddMcpServer()
        .WithHttpTransport(transport => transport.SessionMode =
            kind == McpBackendKind.Sessions ? HttpServerSessionMode.Stateful : HttpServerSessionMode.Stateless)
        .AddAuthorizationFilters()
        .WithTools<RoleTools>();

    private static void MapTools(WebApplication app, bool needsUser)
    {
        IEndpointConventionBuilder mcp = app.MapMcp("/mcp");
        if (needsUser)
        {
            mcp.RequireAuthorization();
        }
    }

    private static ServiceProvider NewClients(Uri backend, McpBackendKind kind, Action<IHttpClientBuilder>? configure = null)
    {
        var services = new ServiceCollection();
        IHttpClientBuilder client = services.AddMcpClient(McpTesting.ClientName, new Uri(backend, "/mcp"))
            .AddClaimInjection(options => AddHeaders(options.Headers));
        configure?.Invoke(client);
        services.Configure<McpClientOptions>(McpTesting.ClientName, options =>
            options.ProtocolVersion = kind == McpBackendKind.Stateless ? "2026-07-28" : "2025-11-25");
        return services.BuildServiceProvider(validateScopes: true);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, string sessionId, Action<HttpRequestMessage> identify)
    {
        using var http = new HttpClient();
        request.Headers.Add("Mcp-Session-Id", sessionId);
        identify(request);
        return await http.SendAsync(request);
    }
}
