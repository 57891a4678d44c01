using Microsoft.AspNetCore.Builder;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// The cost of a gateway and of identity within it: calls a second and their times, straight to a backend and through gateways, with 1, 16
/// and 128 concurrent users. Clients, gateways and backends share the process and its cores.
/// </summary>
internal static class GatewayLoad
{
    private static readonly int[] Users = [1, 16, 128];

    public static async Task RunAsync(int rounds)
    {
        await using WebApplication plainBackend = await LoadServers.StartBackendAsync(identity: false);
        await using WebApplication identityBackend = await LoadServers.StartBackendAsync(identity: true);
        await using WebApplication plain = await LoadServers.StartGatewayAsync(plainBackend, identity: false);
        await using WebApplication sending = await LoadServers.StartGatewayAsync(plainBackend, identity: true);
        await using WebApplication receiving = await LoadServers.StartGatewayAsync(identityBackend, identity: true);
        await using SampleServers samples = await SampleServers.StartAsync();

        LoadTarget straight = LoadTarget.At("straight to a plain backend", plainBackend);
        LoadTarget off = LoadTarget.At("gateway, identity off", plain, straight);
        LoadTarget[] targets =
        [
            straight,
            off,
            LoadTarget.At("gateway, headers sent", sending, off),
            LoadTarget.At("gateway, headers sent and received", receiving, off),
            samples.Straight,
            samples.Through,
        ];

        LoadTable.PrintHead(rounds);
        foreach (int users in Users)
        {
            await LoadTable.PrintAsync(targets, users, rounds);
        }
    }
}
