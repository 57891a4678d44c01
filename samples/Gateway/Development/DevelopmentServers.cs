using Backend;

namespace Gateway.Development;

/// <summary>What a developer has no servers for: started in this process, and written into the gateway's configuration.</summary>
internal sealed class DevelopmentServers : IAsyncDisposable
{
    private WebApplication? _backend;

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
            servers._backend = BackendApp.Create(
            [
                "--environment", Environments.Development,
                "--urls", "http://127.0.0.1:0",
                "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Warning",
                .. configuration["Logging:Console:LogLevel:Default"] is { } level
                    ? new[] { "--Logging:Console:LogLevel:Default", level } : [],
            ]);
            await servers._backend.StartAsync();
            settings["Backends:notes:Endpoint"] = $"{servers._backend.Urls.Single()}/mcp";
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
        if (_backend is not null)
        {
            await _backend.DisposeAsync();
        }

        if (Issuer is not null)
        {
            await Issuer.DisposeAsync();
        }
    }
}
