using System.Net;
using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>
/// What identity costs a request: each benchmark makes one as the MCP SDK does, and its response comes after <c>SendAsync</c> has returned,
/// as over a socket.
/// </summary>
[MemoryDiagnoser]
public class LaterBenchmarks
{
    private readonly DeferredHandler _primary = new();
    private readonly HttpMessageInvoker _passThrough;
    private readonly HttpMessageInvoker _awaiting;
    private readonly HttpMessageInvoker _naiveInPlace;
    private readonly HttpMessageInvoker _headerPropagation;
    private readonly HttpMessageInvoker _naiveClone;
    private readonly HttpMessageInvoker _injection;
    private readonly HttpMessageInvoker _injectionOfGroups;
    private readonly HttpMessageInvoker _chain;
    private readonly HttpMessageInvoker _chainOnSession;
    private readonly HttpMessageInvoker _passThroughOnSession;

    private IdentityScope? _scope;

    public LaterBenchmarks()
    {
        _passThrough = Chains.PassThrough(_primary);
        _awaiting = new HttpMessageInvoker(new Awaiting { InnerHandler = _primary });
        _naiveInPlace = Baselines.NaiveInPlace(_primary);
        _headerPropagation = Baselines.HeaderPropagation(_primary);
        _naiveClone = Baselines.NaiveClone(_primary);
        _injection = Chains.ClaimInjection(_primary);
        _injectionOfGroups = Chains.ClaimInjection(_primary, Principals.GroupsHeader);
        _chain = Chains.WholeChain(_primary);
        _passThroughOnSession = Chains.OnSession(Principals.Ascii, new PassThrough { InnerHandler = _primary });
        _chainOnSession = Chains.OnSession(Principals.Ascii, Chains.Block(_primary));
    }

    [GlobalSetup(Targets =
    [
        nameof(PassThrough), nameof(Awaiting), nameof(NaiveInPlace), nameof(HeaderPropagation), nameof(NaiveClone), nameof(ClaimInjection),
        nameof(WholeChain), nameof(PassThroughOnSession), nameof(WholeChainOnSession),
    ])]
    public void UseAscii() => Use(Principals.Ascii);

    [GlobalSetup(Targets = [nameof(ClaimInjectionForUnknown), nameof(WholeChainForUnknown)])]
    public void UseUnknown() => Use(null);

    [GlobalSetup(Target = nameof(ClaimInjectionOfNonAscii))]
    public void UseNonAscii() => Use(Principals.NonAscii);

    [GlobalSetup(Target = nameof(ClaimInjectionOf200Claims))]
    public void UseManyClaims() => Use(Principals.ManyClaims);

    [GlobalSetup(Target = nameof(ClaimInjectionOf20Groups))]
    public void UseTwentyGroups() => Use(Principals.InTwentyGroups);

    [Benchmark(Baseline = true)]
    public HttpStatusCode PassThrough() => Send(_passThrough);

    [Benchmark]
    public HttpStatusCode Awaiting() => Send(_awaiting);

    [Benchmark]
    public HttpStatusCode NaiveInPlace() => Send(_naiveInPlace);

    [Benchmark]
    public HttpStatusCode HeaderPropagation() => Send(_headerPropagation);

    [Benchmark]
    public HttpStatusCode NaiveClone() => Send(_naiveClone);

    [Benchmark]
    public HttpStatusCode ClaimInjection() => Send(_injection);

    [Benchmark]
    public HttpStatusCode WholeChain() => Send(_chain);

    [Benchmark]
    public HttpStatusCode ClaimInjectionForUnknown() => Send(_injection);

    [Benchmark]
    public HttpStatusCode WholeChainForUnknown() => Send(_chain);

    [Benchmark]
    public HttpStatusCode ClaimInjectionOfNonAscii() => Send(_injection);

    [Benchmark]
    public HttpStatusCode ClaimInjectionOf200Claims() => Send(_injection);

    [Benchmark]
    public HttpStatusCode ClaimInjectionOf20Groups() => Send(_injectionOfGroups);

    [Benchmark]
    public HttpStatusCode PassThroughOnSession() => Send(_passThroughOnSession);

    [Benchmark]
    public HttpStatusCode WholeChainOnSession() => Send(_chainOnSession);

    private void Use(ClaimsPrincipal? user)
    {
        _scope?.Dispose();
        _scope = user is null ? null : AmbientIdentity.Use(user);
    }

    private HttpStatusCode Send(HttpMessageInvoker invoker)
    {
        // Not disposed: neither is a request with content that is sent again.
        Task<HttpResponseMessage> responseTask = invoker.SendAsync(McpPost.NewRequest(), CancellationToken.None);
        _primary.Complete();
        using HttpResponseMessage response = responseTask.GetAwaiter().GetResult();
        return response.StatusCode;
    }
}
