using BenchmarkDotNet.Attributes;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// What a call costs that passes through the pool (renting, the check of whose session it is, giving back) over the same call on a client that
/// the caller owns. The backend answers at once.
/// </summary>
[MemoryDiagnoser]
public class PooledCallBenchmarks
{
    private Gateway _gateway = null!;
    private McpClient _own = null!;

    [GlobalSetup]
    public async Task ConnectAsync()
    {
        _gateway = new Gateway(new Uri("http://backend.test/mcp"), inMemory: true);
        await _gateway.OpenAsync(Gateway.NewUser(1));
        _own = await _gateway.Factory.CreateClientAsync(Gateway.ClientName);
    }

    [GlobalCleanup]
    public async Task CloseAsync()
    {
        await _own.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Benchmark(Baseline = true)]
    public async ValueTask<CallToolResult> CallOnOwnClient() => await _own.CallToolAsync("ping");

    [Benchmark]
    public async ValueTask<CallToolResult> RentCallAndGiveBack()
    {
        await using McpClientLease lease = await _gateway.Pool.RentAsync(Gateway.ClientName);
        return await lease.Client.CallToolAsync("ping");
    }
}
