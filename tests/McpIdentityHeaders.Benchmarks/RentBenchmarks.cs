using System.Security.Claims;
using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>Renting a session that exists and giving it back, with more and more of them open. Users come in an order without a pattern.</summary>
[MemoryDiagnoser]
public class RentBenchmarks
{
    private Gateway _gateway = null!;
    private ClaimsPrincipal[] _users = null!;
    private int _next;

    [Params(10, 100, 1_000, 10_000)]
    public int Sessions { get; set; }

    [GlobalSetup]
    public async Task OpenSessionsAsync()
    {
        _gateway = new Gateway(new Uri("http://backend.test/mcp"), inMemory: true);
        _users = [.. Enumerable.Range(0, Sessions).Select(Gateway.NewUser)];
        foreach (ClaimsPrincipal user in _users)
        {
            await _gateway.OpenAsync(user);
        }

        new Random(1).Shuffle(_users);
    }

    [GlobalCleanup]
    public Task CloseAsync() => _gateway.DisposeAsync().AsTask();

    [Benchmark]
    public async ValueTask RentAndGiveBack()
    {
        _next = _next + 1 == _users.Length ? 0 : _next + 1;
        _gateway.User = _users[_next];
        await using McpClientLease lease = await _gateway.Pool.RentAsync(Gateway.ClientName);
    }
}
