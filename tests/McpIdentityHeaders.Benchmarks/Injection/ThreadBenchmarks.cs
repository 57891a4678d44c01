using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>The same work by more and more threads at once: what one request waits for another shows as a ratio that grows with them.</summary>
[MemoryDiagnoser]
public class ThreadBenchmarks
{
    internal const int Requests = 32_000;

    private readonly HttpMessageInvoker _passThrough = Chains.PassThrough(new Answering());
    private readonly HttpMessageInvoker _chain = Chains.WholeChain(new Answering());

    private WorkerThreads _crew = null!;

    [Params(1, 2, 16)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Hire() => _crew = new WorkerThreads(Threads);

    [GlobalCleanup]
    public void Dismiss() => _crew.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Requests)]
    public void PassThrough() => _crew.Work(() => Send(_passThrough));

    [Benchmark(OperationsPerInvoke = Requests)]
    public void WholeChain() => _crew.Work(() => Send(_chain));

    private void Send(HttpMessageInvoker invoker)
    {
        using IdentityScope scope = AmbientIdentity.Use(Principals.Ascii);
        for (int request = 0; request < Requests / Threads; request++)
        {
            InjectionBenchmarks.Send(invoker);
        }
    }
}
