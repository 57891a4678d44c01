using Backend;

namespace Gateway.Development;

/// <summary>What a developer has no servers for: started in this process, and written into the gateway's configuration.</summary>
internal sealed class DevelopmentServers : IAsyncDisposable
{
    private const string GatewayIssuer = "https://development-gateway.example";
    private const string SignedAudience = "https://development-signed.example";

    private readonly List<WebApplication> _backends = [];

    /// <summary>Gets the issuer, unless a real one is configured.</summary>
    public DevelopmentIssuer? Issuer { get; private set; }

    public static async Task<DevelopmentServers> StartAsync(IConfigurationManager configuration)
    {
        var servers = new DevelopmentServers();
        var settings = new Dictionary<string, string?>();

        if (configuration["Oidc:Authority"] is null)
        {
            servers.Issuer = await DevelopmentIssuer.StartAsync();
            settings["Oidc:Authority"] = servers.Issuer.Authority;
            settings["Oidc:Audience"] = DevelopmentIssuer.Audience;
        }

        if (!configuration.GetSection("Backends").Exists())
        {
            settings["Backends:notes:Endpoint"] = await servers.StartBackendAsync(configuration);
            if (servers.Issuer is { } issuer)
            {
                await servers.StartSignedBackendAsync(configuration, issuer, settings);
            }
        }

        configuration.AddInMemoryCollection(settings);
        return servers;
    }

    public void PrintWhatToTry(Uri gateway)
    {
        if (Issuer is null)
        {
            return;
        }

        string names = string.Join(", ", SampleUser.All.Select(user => user.Subject));
        Console.WriteLine($$"""

            The gateway is at {{gateway}}. For an MCP client that sends headers as it is told, a token is enough:

                TOKEN=$(curl -s '{{Issuer.Authority}}/token?user=alice')  # {{names}}

                curl -s {{gateway}} -H "Authorization: Bearer $TOKEN" \
                  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
                  -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/call' -H 'Mcp-Name: notes_whoami' \
                  -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"notes_whoami","_meta":{
                       "io.modelcontextprotocol/protocolVersion":"2026-07-28",
                       "io.modelcontextprotocol/clientInfo":{"name":"curl","version":"1"},
                       "io.modelcontextprotocol/clientCapabilities":{} } } }'

            Add -H 'X-User-Sub: bob', and see that it changes nothing. Ctrl+C ends.

            """);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (WebApplication backend in _backends)
        {
            await backend.DisposeAsync();
        }

        if (Issuer is not null)
        {
            await Issuer.DisposeAsync();
        }
    }

    private async Task<string> StartBackendAsync(IConfiguration configuration, params string[] arguments)
    {
        WebApplication backend = BackendApp.Create(
        [
            "--environment", Environments.Development,
            "--urls", "http://127.0.0.1:0",
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Warning",
            .. configuration["Logging:Console:LogLevel:Default"] is { } level
                ? new[] { "--Logging:Console:LogLevel:Default", level } : [],
            .. arguments,
        ]);
        _backends.Add(backend);
        await backend.StartAsync();
        return $"{backend.Urls.Single()}/mcp";
    }

    /// <summary>A backend that believes no header, and what the gateway has to sign for it.</summary>
    private async Task StartSignedBackendAsync(IConfiguration configuration, DevelopmentIssuer issuer, Dictionary<string, string?> settings)
    {
        const string Signed = "Backends:signed";
        settings[$"{Signed}:Endpoint"] = await StartBackendAsync(
            configuration,
            "--IdentityAssertion:Issuer", GatewayIssuer,
            "--IdentityAssertion:Audience", SignedAudience,
            "--IdentityAssertion:KeySetUri", issuer.GatewayKeysUri,

            // Owners are told apart by their own issuer, and not by the gateway's.
            "--IdentityAssertion:Headers:0:HeaderName", "X-User-Issuer",
            "--IdentityAssertion:Headers:0:ClaimTypes:0", "iss");
        settings[$"{Signed}:Assertion:Issuer"] = GatewayIssuer;
        settings[$"{Signed}:Assertion:Audience"] = SignedAudience;
        settings[$"{Signed}:Assertion:ReplaceHeaders"] = "true";
        settings[$"{Signed}:Assertion:Keys:0:PemFile"] = issuer.GatewayKey.File;
    }
}
