using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// Renting an open session and releasing it, with more and more of them open. Users come in random order, each time with a new principal,
/// as a request has: creating it is the baseline. Keeping it in a dictionary is what any pool of users does besides: find the user's entry,
/// which no processor's cache holds any more, and have it keep the newest principal, which the garbage collector then moves.
/// </summary>
[MemoryDiagnoser]
public class RentBenchmarks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = [];
    private readonly LinkedList<Entry> _idle = [];
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
            ClaimsPrincipal principal = Gateway.NewUser(user);
            await _gateway.OpenAsync(principal);
            var entry = new Entry(principal);
            _entries.Add(SubjectOf(principal), entry);
            _idle.AddLast(entry.IdleNode);
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
    public void CreatePrincipalAndKeep()
    {
        ClaimsPrincipal principal = CreatePrincipal();
        string subject = SubjectOf(principal);
        Entry entry;
        lock (_gate)
        {
            entry = _entries[subject];
            entry.Newest = principal;
            _idle.Remove(entry.IdleNode);
        }

        lock (_gate)
        {
            _idle.AddLast(entry.IdleNode);
        }
    }

    [Benchmark]
    public async ValueTask CreatePrincipalRentAndRelease()
    {
        _gateway.User = CreatePrincipal();
        await using McpClientLease lease = await _gateway.Pool.RentAsync(Gateway.ClientName);
    }

    private static string SubjectOf(ClaimsPrincipal principal) => principal.FindFirst("sub")!.Value;

    private sealed class Entry
    {
        public Entry(ClaimsPrincipal principal)
        {
            Newest = principal;
            IdleNode = new LinkedListNode<Entry>(this);
        }

        public ClaimsPrincipal Newest { get; set; }

        public LinkedListNode<Entry> IdleNode { get; }
    }
}
