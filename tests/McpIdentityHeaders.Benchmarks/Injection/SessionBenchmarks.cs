using System.Net;
using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>
/// What identity costs a request of an MCP session, which says in its options whose it is. The baseline says so too: an MCP client's requests
/// do, with AddClaimInjection and without.
/// </summary>
[MemoryDiagnoser]
public class SessionBenchmarks
{
    private readonly HttpMessageInvoker _passThrough = Chains.OnSession(Principals.Ascii, new PassThrough { InnerHandler = new Answering() });
    private readonly HttpMessageInvoker _chain = Chains.OnSession(Principals.Ascii, Chains.Block(new Answering()));
    private readonly HttpMessageInvoker _chainNotKnown = Chains.OnSession(user: null, Chains.Block(new Answering()));

    [Benchmark(Baseline = true)]
    public HttpStatusCode PassThrough() => InjectionBenchmarks.Send(_passThrough);

    [Benchmark]
    public HttpStatusCode WholeChain() => InjectionBenchmarks.Send(_chain);

    [Benchmark]
    public HttpStatusCode WholeChainNotKnown() => InjectionBenchmarks.Send(_chainNotKnown);
}
