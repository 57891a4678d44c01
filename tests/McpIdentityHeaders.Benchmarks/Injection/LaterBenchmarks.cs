using System.Net;
using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>What waiting for the answer costs, which one over a socket has to: the state machines of the handlers that look at it.</summary>
[MemoryDiagnoser]
public class LaterBenchmarks
{
    private readonly AnsweringLater _primary = new();

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
        Task<HttpResponseMessage> answer = invoker.SendAsync(McpPost.NewRequest(), CancellationToken.None);
        _primary.Answer();
        using HttpResponseMessage response = answer.GetAwaiter().GetResult();
        return response.StatusCode;
    }
}
