using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// What the chain costs a call of a tool over loopback HTTP, in both revisions of the protocol, with 1, 16 and 64 callers at once: clients of
/// the SDK alone, of <c>AddMcpClient</c>, and of <c>AddMcpClient</c> with <c>AddClaimInjection</c>. Clients and server share the process.
/// </summary>
internal static class ChainLoad
{
    private static readonly int[] Callers = [1, 16, 64];

    private static readonly (string Protocol, HttpServerSessionMode Sessions)[] Revisions =
    [
        ("2025-11-25", HttpServerSessionMode.Stateful),
        ("2026-07-28", HttpServerSessionMode.Stateless),
    ];

    public static async Task RunAsync(int rounds)
    {
        LoadTable.PrintHead(rounds);
        foreach ((string protocol, HttpServerSessionMode sessions) in Revisions)
        {
            await using WebApplication server = await LoadServers.StartBackendAsync(identity: false, sessions);
            Uri endpoint = LoadServers.EndpointOf(server);
            await using ServiceProvider without = Services(endpoint, protocol, identity: false);
            await using ServiceProvider with = Services(endpoint, protocol, identity: true);

            LoadTarget sdk = new("the SDK alone", LoadServers.Tool, _ => ConnectAsync(endpoint, protocol));
            LoadTarget registered = Target("AddMcpClient", without, sdk);
            LoadTarget[] targets = [sdk, registered, Target("with AddClaimInjection", with, registered)];
            Console.WriteLine($"{Environment.NewLine}Protocol {protocol}");
            foreach (int callers in Callers)
            {
                await LoadTable.PrintAsync(targets, callers, rounds);
            }
        }
    }

    private static LoadTarget Target(string name, ServiceProvider services, LoadTarget baseline)
    {
        var clients = services.GetRequiredService<IMcpClientFactory>();
        return new LoadTarget(name, LoadServers.Tool, ConnectAsync, baseline);

        async Task<McpClient> ConnectAsync(int caller)
        {
            using IdentityScope scope = AmbientIdentity.Use(Gateway.NewUser(caller));
            return await clients.CreateClientAsync(McpClientDefaults.Name);
        }
    }

    private static Task<McpClient> ConnectAsync(Uri endpoint, string protocol) => McpClient.CreateAsync(
        new HttpClientTransport(new HttpClientTransportOptions { Endpoint = endpoint, TransportMode = HttpTransportMode.StreamableHttp }),
        new McpClientOptions { ProtocolVersion = protocol });

    private static ServiceProvider Services(Uri endpoint, string protocol, bool identity)
    {
        var services = new ServiceCollection();
        IHttpClientBuilder client = services.AddMcpClient(endpoint);
        services.Configure<McpClientOptions>(McpClientDefaults.Name, options => options.ProtocolVersion = protocol);
        if (identity)
        {
            client.AddClaimInjection();
        }

        return services.BuildServiceProvider();
    }
}
