using System.Net;
using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>What identity costs a request: each makes one as the MCP SDK does, and sends it to an answer that is there at once.</summary>
[MemoryDiagnoser]
public class InjectionBenchmarks
{
    private readonly HttpMessageInvoker _passThrough = Chains.PassThrough(new Answering());
    private readonly HttpMessageInvoker _naiveInPlace = Baselines.NaiveInPlace();
    private readonly HttpMessageInvoker _headerPropagation = Baselines.HeaderPropagation();
    private readonly HttpMessageInvoker _naiveClone = Baselines.NaiveClone();
    private readonly HttpMessageInvoker _injection = Chains.ClaimInjection(new Answering());
    private readonly HttpMessageInvoker _injectionOfGroups = Chains.ClaimInjection(new Answering(), Principals.GroupsHeader);
    private readonly HttpMessageInvoker _chain = Chains.WholeChain(new Answering());
    private readonly HttpMessageInvoker _optionsLookedAt = new(new OptionsLookedAt { InnerHandler = new Answering() });

    private IdentityScope? _scope;

    [GlobalSetup(Targets = [nameof(PassThrough), nameof(NaiveInPlace), nameof(HeaderPropagation), nameof(NaiveClone), nameof(ClaimInjection), nameof(WholeChain)])]
    public void Known() => Use(Principals.Ascii);

    [GlobalSetup(Targets = [nameof(ClaimInjectionNotKnown), nameof(WholeChainNotKnown)])]
    public void NotKnown() => Use(null);

    /// <summary>A user that is not known where another request's has been named: from then on each is asked, and has its options made.</summary>
    [GlobalSetup(Targets = [nameof(OptionsLookedAt), nameof(ClaimInjectionNotKnownAmongNamed), nameof(WholeChainNotKnownAmongNamed)])]
    public void NotKnownAmongNamed()
    {
        using var named = new HttpRequestMessage();
        named.SetUser(Principals.Ascii);
        Use(null);
    }

    [GlobalSetup(Target = nameof(ClaimInjectionNonAscii))]
    public void NonAscii() => Use(Principals.NonAscii);

    [GlobalSetup(Target = nameof(ClaimInjectionOf200Claims))]
    public void ManyClaims() => Use(Principals.ManyClaims);

    [GlobalSetup(Target = nameof(ClaimInjectionOf1Group))]
    public void OneGroup() => Use(Principals.InOneGroup);

    [GlobalSetup(Target = nameof(ClaimInjectionOf20Groups))]
    public void TwentyGroups() => Use(Principals.InTwentyGroups);

    [Benchmark(Baseline = true)]
    public HttpStatusCode PassThrough() => Send(_passThrough);

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
    public HttpStatusCode ClaimInjectionNotKnown() => Send(_injection);

    [Benchmark]
    public HttpStatusCode WholeChainNotKnown() => Send(_chain);

    [Benchmark]
    public HttpStatusCode OptionsLookedAt() => Send(_optionsLookedAt);

    [Benchmark]
    public HttpStatusCode ClaimInjectionNotKnownAmongNamed() => Send(_injection);

    [Benchmark]
    public HttpStatusCode WholeChainNotKnownAmongNamed() => Send(_chain);

    [Benchmark]
    public HttpStatusCode ClaimInjectionNonAscii() => Send(_injection);

    [Benchmark]
    public HttpStatusCode ClaimInjectionOf200Claims() => Send(_injection);

    [Benchmark]
    public HttpStatusCode ClaimInjectionOf1Group() => Send(_injectionOfGroups);

    [Benchmark]
    public HttpStatusCode ClaimInjectionOf20Groups() => Send(_injectionOfGroups);

    private void Use(ClaimsPrincipal? user)
    {
        _scope?.Dispose();
        _scope = user is null ? null : AmbientIdentity.Use(user);
    }

    internal static HttpStatusCode Send(HttpMessageInvoker invoker)
    {
        // Not disposed: neither do those who send the same content again.
        HttpRequestMessage request = McpPost.NewRequest();
        using HttpResponseMessage response = invoker.SendAsync(request, CancellationToken.None).GetAwaiter().GetResult();
        return response.StatusCode;
    }
}
