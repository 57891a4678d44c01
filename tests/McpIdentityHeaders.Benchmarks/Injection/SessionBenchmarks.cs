using System.Net;
using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>
/// What identity costs a request of an MCP session, which has its user in the options. The baseline's requests have it too: an MCP client
/// sets it with AddClaimInjection and without.
/// </summary>
[MemoryDiagnoser]
public class SessionBenchmarks
{
    private readonly HttpMessageInvoker _passThrough = Chains.OnSession(
        Principals.Ascii, new PassThrough { InnerHandler = new ImmediateHandler() });
    private readonly HttpMessageInvoker _chain = Chains.OnSession(Principals.Ascii, Chains.Block(new ImmediateHandler()));
    private readonly HttpMessageInvoker _chainUnknown = Chains.OnSession(user: null, Chains.Block(new ImmediateHandler()));

    [Benchmark(Baseline = true)]
    public HttpStatusCode PassThrough() => InjectionBenchmarks.Send(_passThrough);

    [Benchmark]
    public HttpStatusCode WholeChain() => InjectionBenchmarks.Send(_chain);

    [Benchmark]
    public HttpStatusCode WholeChainUnknown() => InjectionBenchmarks.Send(_chainUnknown);
}
