using System.Net;
using BenchmarkDotNet.Attributes;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>What identity costs a request that the MCP SDK would make, with an immediate response.</summary>
[MemoryDiagnoser]
public class InjectionBenchmarks
{
    private readonly HttpMessageInvoker _passThrough = Chains.PassThrough(new ImmediateHandler());
    private readonly HttpMessageInvoker _naiveInPlace = Baselines.NaiveInPlace();
    private readonly HttpMessageInvoker _headerPropagation = Baselines.HeaderPropagation();
    private readonly HttpMessageInvoker _naiveClone = Baselines.NaiveClone();
    private readonly HttpMessageInvoker _injection = Chains.ClaimInjection(new ImmediateHandler());
    private readonly HttpMessageInvoker _injectionOfGroups = Chains.ClaimInjection(new ImmediateHandler(), Principals.GroupsHeader);
    private readonly HttpMessageInvoker _chain = Chains.WholeChain(new ImmediateHandler());
    private readonly HttpMessageInvoker _optionsReader = new(new OptionsReader { InnerHandler = new ImmediateHandler() });

    private IdentityScope? _scope;

    [GlobalSetup(Targets = [nameof(PassThrough), nameof(NaiveInPlace), nameof(HeaderPropagation), nameof(NaiveClone), nameof(ClaimInjection), nameof(WholeChain)])]
    public void KnownUser() => Use(Principals.Ascii);

    [GlobalSetup(Targets = [nameof(ClaimInjectionUnknown), nameof(WholeChainUnknown)])]
    public void UnknownUser() => Use(null);

    /// <summary>After SetUser on any request, every later request's options are read, which allocates them.</summary>
    [GlobalSetup(Targets = [nameof(OptionsRead), nameof(ClaimInjectionUnknownAfterSetUser), nameof(WholeChainUnknownAfterSetUser)])]
    public void AfterSetUser()
    {
        using var other = new HttpRequestMessage();
        other.SetUser(Principals.Ascii);
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
    public HttpStatusCode ClaimInjectionUnknown() => Send(_injection);

    [Benchmark]
    public HttpStatusCode WholeChainUnknown() => Send(_chain);

    [Benchmark]
    public HttpStatusCode OptionsRead() => Send(_optionsReader);

    [Benchmark]
    public HttpStatusCode ClaimInjectionUnknownAfterSetUser() => Send(_injection);

    [Benchmark]
    public HttpStatusCode WholeChainUnknownAfterSetUser() => Send(_chain);

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
        // Not disposed: its content is sent again.
        HttpRequestMessage request = McpPost.NewRequest();
        using HttpResponseMessage response = invoker.SendAsync(request, CancellationToken.None).GetAwaiter().GetResult();
        return response.StatusCode;
    }
}
