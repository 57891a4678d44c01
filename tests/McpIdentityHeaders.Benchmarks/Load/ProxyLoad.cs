namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// What identity costs a proxy, and a proxy and a gateway a call: straight to a backend, through YARP without identity, and through the two
/// samples, with 1, 16 and 128 concurrent users. Clients, proxies and the backend share the process and its cores.
/// </summary>
internal static class ProxyLoad
{
    private static readonly int[] Users = [1, 16, 128];

    public static async Task RunAsync(int rounds)
    {
        await using ProxyServers servers = await ProxyServers.StartAsync();
        LoadTable.PrintHead(rounds);
        foreach (int users in Users)
        {
            await LoadTable.PrintAsync(servers.Targets, users, rounds);
        }
    }
}
