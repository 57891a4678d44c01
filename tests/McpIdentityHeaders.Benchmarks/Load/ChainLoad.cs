using McpIdentityHeaders.Benchmarks.Injection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// What the chain costs a tool call over loopback HTTP, in both protocol revisions, with 1, 16 and 64 concurrent callers: clients of
/// <c>AddMcpClient</c>, twice, to show the noise; with three constant headers, which cost time on the wire and in the server; with a naive
/// clone; and with <c>AddClaimInjection</c>. Clients and server share the process.
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
            await using ServiceProvider without = Services(endpoint, protocol, static _ => { });
            await using ServiceProvider headers = Services(endpoint, protocol, AddHeaders);
            await using ServiceProvider clone = Services(endpoint, protocol, AddClone);
            await using ServiceProvider with = Services(endpoint, protocol, static client => client.AddClaimInjection());

            LoadTarget baseline = Target("AddMcpClient", without);
            LoadTarget[] targets =
            [
                baseline,
                Target("the same again", without, baseline),
                Target("constant headers", headers, baseline),
                Target("naive clone", clone, baseline),
                Target("AddClaimInjection", with, baseline),
            ];
            Console.WriteLine($"{Environment.NewLine}Protocol {protocol}");
            foreach (int callers in Callers)
            {
                await LoadTable.PrintAsync(targets, callers, rounds);
            }
        }
    }

    private static LoadTarget Target(string name, ServiceProvider services, params LoadTarget[] baselines)
    {
        var clients = services.GetRequiredService<IMcpClientFactory>();
        return new LoadTarget(name, LoadServers.Tool, ConnectAsync, baselines);

        async Task<McpClient> ConnectAsync(int caller)
        {
            using IdentityScope scope = AmbientIdentity.Use(Gateway.NewUser(caller));
            return await clients.CreateClientAsync(McpClientDefaults.Name);
        }
    }

    private static void AddHeaders(IHttpClientBuilder client) => client.Services.Configure<HttpClientTransportOptions>(
        McpClientDefaults.Name,
        options => options.AdditionalHeaders = McpPost.ThreeHeaders.ToDictionary(header => header.Name, header => header.Value));

    private static void AddClone(IHttpClientBuilder client)
    {
        var accessor = new ConstantAccessor(Gateway.NewUser(0));
        client.AddHttpMessageHandler(() => new NaiveClone(accessor));
    }

    private static ServiceProvider Services(Uri endpoint, string protocol, Action<IHttpClientBuilder> configure)
    {
        var services = new ServiceCollection();
        configure(services.AddMcpClient(endpoint));
        services.Configure<McpClientOptions>(McpClientDefaults.Name, options => options.ProtocolVersion = protocol);
        return services.BuildServiceProvider();
    }

    private sealed class ConstantAccessor(ClaimsPrincipal user) : IIdentityAccessor
    {
        public ClaimsPrincipal? User => user;
    }
}
