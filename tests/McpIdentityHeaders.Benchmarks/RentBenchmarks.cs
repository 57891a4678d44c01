using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// Renting an open session and releasing it, with more and more of them open. Users come in random order, each time with a new principal,
/// as a request has: creating it is the baseline.
/// </summary>
[MemoryDiagnoser]
public class RentBenchmarks
{
    private Gateway _gateway = null!;
    private int[] _users = null!;
    private int _next;

    [Params(10, 100, 1_000, 10_000)]
    public int Sessions { get; set; }

    [GlobalSetup]
    public async Task OpenSessionsAsync()
    {
        _gateway = new Gateway(new Uri("http://backend.test/mcp"), inMemory: true);
        _users = [.. Enumerable.Range(0, Sessions)];
        foreach (int user in _users)
        {
            await _gateway.OpenAsync(Gateway.NewUser(user));
        }

        new Random(1).Shuffle(_users);
    }

    [GlobalCleanup]
    public Task CloseAsync() => _gateway.DisposeAsync().AsTask();

    [Benchmark(Baseline = true)]
    public ClaimsPrincipal CreatePrincipal()
    {
        _next = _next + 1 == _users.Length ? 0 : _next + 1;
        return Gateway.NewUser(_users[_next]);
    }

    [Benchmark]
    public async ValueTask CreatePrincipalRentAndRelease()
    {
        _gateway.User = CreatePrincipal();
        await using McpClientLease lease = await _gateway.Pool.RentAsync(Gateway.ClientName);
    }
}
