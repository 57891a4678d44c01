using System.Net;
using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>What identity costs when the response comes later, as over a socket: includes the state machines of the handlers.</summary>
[MemoryDiagnoser]
public class LaterBenchmarks
{
    private readonly DeferredHandler _primary = new();

    private HttpMessageInvoker _passThrough = null!;
    private HttpMessageInvoker _injection = null!;
    private HttpMessageInvoker _chain = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _passThrough = Chains.PassThrough(_primary);
        _injection = Chains.ClaimInjection(_primary);
        _chain = Chains.WholeChain(_primary);
        AmbientIdentity.Use(Principals.Ascii);
    }

    [Benchmark(Baseline = true)]
    public HttpStatusCode PassThrough() => Send(_passThrough);

    [Benchmark]
    public HttpStatusCode ClaimInjection() => Send(_injection);

    [Benchmark]
    public HttpStatusCode WholeChain() => Send(_chain);

    private HttpStatusCode Send(HttpMessageInvoker invoker)
    {
        Task<HttpResponseMessage> responseTask = invoker.SendAsync(McpPost.NewRequest(), CancellationToken.None);
        _primary.Complete();
        using HttpResponseMessage response = responseTask.GetAwaiter().GetResult();
        return response.StatusCode;
    }
}
