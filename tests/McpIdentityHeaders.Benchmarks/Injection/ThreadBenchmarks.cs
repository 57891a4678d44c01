using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>The same work on more and more threads: contention shows as a ratio that grows with their number.</summary>
[MemoryDiagnoser]
public class ThreadBenchmarks
{
    internal const int Requests = 32_000;

    private readonly HttpMessageInvoker _passThrough = Chains.PassThrough(new ImmediateHandler());
    private readonly HttpMessageInvoker _chain = Chains.WholeChain(new ImmediateHandler());

    private WorkerThreads _threads = null!;

    [Params(1, 2, 16)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void StartThreads() => _threads = new WorkerThreads(Threads);

    [GlobalCleanup]
    public void StopThreads() => _threads.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Requests)]
    public void PassThrough() => _threads.Work(() => Send(_passThrough));

    [Benchmark(OperationsPerInvoke = Requests)]
    public void WholeChain() => _threads.Work(() => Send(_chain));

    private void Send(HttpMessageInvoker invoker)
    {
        using IdentityScope scope = AmbientIdentity.Use(Principals.Ascii);
        for (int request = 0; request < Requests / Threads; request++)
        {
            InjectionBenchmarks.Send(invoker);
        }
    }
}
