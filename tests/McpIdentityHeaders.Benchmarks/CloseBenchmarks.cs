using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// Closing the sessions of one user, with more and more sessions of others open. A user without any is the baseline: what the look-up
/// costs.
/// </summary>
[MemoryDiagnoser]
public class CloseBenchmarks
{
    private Gateway _gateway = null!;
    private ClaimsPrincipal _user = null!;

    [Params(10, 1_000, 10_000)]
    public int Sessions { get; set; }

    [GlobalSetup]
    public async Task OpenSessionsAsync()
    {
        _gateway = new Gateway(new Uri("http://backend.test/mcp"), inMemory: true);
        for (int user = 1; user < Sessions; user++)
        {
            await _gateway.OpenAsync(Gateway.NewUser(user));
        }

        _user = Gateway.NewUser(0);
        await _gateway.OpenAsync(_user);
    }

    [GlobalCleanup]
    public Task CloseAllAsync() => _gateway.DisposeAsync().AsTask();

    [Benchmark(Baseline = true)]
    public Task CloseUserWithoutSession() => _gateway.Pool.CloseAsync(Gateway.NewUser(Sessions + 1));

    /// <summary>Closes one session, with its DELETE, and opens it again.</summary>
    [Benchmark]
    public async Task CloseUserAndOpenAgain()
    {
        await _gateway.Pool.CloseAsync(_user);
        await _gateway.OpenAsync(_user);
    }
}
