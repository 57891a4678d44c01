using System.Net;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using McpIdentityHeaders.Benchmarks.Injection;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.Benchmarks.Assertions;

/// <summary>
/// What an assertion costs the common request, which sends one again: beside the same chain with a constant header of its length.
/// </summary>
[MemoryDiagnoser]
public class AssertionBenchmarks
{
    private readonly DeferredHandler _primary = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly SigningClient _client;
    private readonly HttpMessageInvoker _chain;
    private readonly HttpMessageInvoker _constantHeader;
    private readonly HttpMessageInvoker _assertion;

    private IdentityScope? _scope;

    public AssertionBenchmarks()
    {
        _client = new SigningClient(_key, TimeProvider.System);
        _chain = Chains.WholeChain(_primary);
        _constantHeader = new HttpMessageInvoker(Chains.Block(new ConstantHeader(_client.Sign()) { InnerHandler = _primary }));
        _assertion = new HttpMessageInvoker(Chains.Block(new IdentityAssertionHandler { InnerHandler = _primary }, _client.State));
    }

    [GlobalSetup]
    public void SetUp()
    {
        _scope?.Dispose();
        _scope = AmbientIdentity.Use(Principals.Ascii);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _client.Dispose();
        _key.Dispose();
    }

    [Benchmark]
    public HttpStatusCode Chain() => Send(_chain);

    [Benchmark(Baseline = true)]
    public HttpStatusCode ChainWithConstantHeader() => Send(_constantHeader);

    [Benchmark]
    public HttpStatusCode ChainWithAssertion() => Send(_assertion);

    private HttpStatusCode Send(HttpMessageInvoker invoker)
    {
        Task<HttpResponseMessage> responseTask = invoker.SendAsync(McpPost.NewRequest(), CancellationToken.None);
        _primary.Complete();
        using HttpResponseMessage response = responseTask.GetAwaiter().GetResult();
        return response.StatusCode;
    }
}
