using Backend;
using ModelContextProtocol.Client;
using Proxy;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The sample proxy as one would deploy it, with the sample backend and others behind it, and an OpenID Connect server.</summary>
internal sealed class ProxyDeployment : IAsyncDisposable
{
    private ProxyDeployment(OidcServer oidc, RunningApp backend, RunningApp proxy)
    {
        Oidc = oidc;
        Backend = backend;
        Proxy = proxy;
    }

    public OidcServer Oidc { get; }

    public RunningApp Backend { get; }

    public RunningApp Proxy { get; }

    /// <param name="others">The proxy's other backends.</param>
    public static async Task<ProxyDeployment> StartAsync(params (string Name, Uri Endpoint)[] others)
    {
        OidcServer oidc = await OidcServer.StartAsync();
        RunningApp backend = await RunningApp.StartAsync(BackendApp.Create(Deployment.Settings(
            "Backend",
            ("IdentityHeaders:TrustedPeers:0", "127.0.0.1"),
            ("IdentityHeaders:SharedSecrets:0:HeaderName", Deployment.SecretHeader),
            ("IdentityHeaders:SharedSecrets:0:Value", Deployment.Secret))));
        RunningApp proxy = await RunningApp.StartAsync(ProxyApp.Create(Deployment.Settings(
            "Proxy",
            [
                ("AllowedHosts", "127.0.0.1"),
                ("Oidc:Authority", oidc.Authority.ToString()),
                ("Oidc:Audience", OidcServer.GatewayAudience),
                ("Oidc:RequireHttpsMetadata", "false"),
                ($"Backends:{Deployment.Notes}:Identity:SharedSecret:HeaderName", Deployment.SecretHeader),
                ($"Backends:{Deployment.Notes}:Identity:SharedSecret:Value", Deployment.Secret),
                .. others.Prepend((Name: Deployment.Notes, backend.Endpoint))
                    .Select(other => ($"Backends:{other.Name}:Endpoint", other.Endpoint.ToString())),
            ])));
        return new ProxyDeployment(oidc, backend, proxy);
    }

    /// <summary>Gets where the proxy has a backend.</summary>
    public Uri GetEndpoint(string backend) => new(Proxy.Uri, $"/{backend}/mcp");

    /// <summary>Signs somebody in and connects them to a backend.</summary>
    /// <param name="user">Who.</param>
    /// <param name="backend">The backend.</param>
    /// <param name="protocol">The MCP version that the user's program insists on; null for what both ends know.</param>
    /// <param name="headers">What else the user's program sends with each request.</param>
    public async Task<McpClient> ConnectAsync(
        OidcUser user, string backend, string? protocol = null, params (string Name, string Value)[] headers)
    {
        string token = await Oidc.IssueTokenAsync(user);
        var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = GetEndpoint(backend),
            AdditionalHeaders = headers.Prepend((Name: "Authorization", Value: $"Bearer {token}"))
                .ToDictionary(header => header.Name, header => header.Value),
        });
        return await McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = protocol });
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Backend.DisposeAsync();
        await Oidc.DisposeAsync();
    }
}
