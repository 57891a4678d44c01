using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>An endpoint of a tool call, with connected users that each have an MCP client.</summary>
internal sealed class LoadTarget(string name, string tool, Func<int, Task<McpClient>> connect, params LoadTarget[] baselines)
{
    public static readonly TimeSpan Round = TimeSpan.FromSeconds(0.1);

    private readonly List<McpClient> _clients = [];

    public string Name => name;

    /// <summary>Gets the targets that its throughput is compared with.</summary>
    public IReadOnlyList<LoadTarget> Baselines => baselines;

    /// <summary>An endpoint that plain SDK clients call, each with its headers.</summary>
    public static LoadTarget At(
        string name, Uri endpoint, string tool, Func<int, Dictionary<string, string>> headers, params LoadTarget[] baselines) => new(
        name,
        tool,
        user => McpClient.CreateAsync(new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = endpoint,
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = headers(user),
        })),
        baselines);

    public static LoadTarget At(string name, WebApplication server, params LoadTarget[] baselines) =>
        At(name, LoadServers.EndpointOf(server), LoadServers.Tool, LoadServers.BearerOf, baselines);

    public async Task ConnectAsync(int users)
    {
        for (int user = 0; user < users; user++)
        {
            _clients.Add(await connect(user));
        }
    }

    /// <summary>Has every user call repeatedly for one round.</summary>
    public async Task<LoadResult> MeasureAsync()
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long allocated = GC.GetTotalAllocatedBytes();
        List<long>[] calls = await Task.WhenAll(_clients.Select(client => Task.Run(() => CallAsync(client, start))));
        return new LoadResult(
            Stopwatch.GetElapsedTime(start),
            Environment.CpuUsage.TotalTime - processor,
            GC.GetTotalAllocatedBytes() - allocated,
            [.. calls.SelectMany(ofUser => ofUser)]);
    }

    public async Task DisconnectAsync()
    {
        foreach (McpClient client in _clients)
        {
            await client.DisposeAsync();
        }

        _clients.Clear();
    }

    private async Task<List<long>> CallAsync(McpClient client, long start)
    {
        List<long> calls = [];
        while (Stopwatch.GetElapsedTime(start) < Round)
        {
            long before = Stopwatch.GetTimestamp();
            if ((await client.CallToolAsync(tool)).IsError == true)
            {
                throw new InvalidOperationException($"{name}: a call failed.");
            }

            calls.Add(Stopwatch.GetTimestamp() - before);
        }

        return calls;
    }
}
