using System.Net.Http.Headers;
using BenchmarkDotNet.Attributes;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>
/// The parts of a safe clone, each by itself over a new request. All but the claims are the framework's, in its cheapest form.
/// </summary>
[MemoryDiagnoser]
public class PartBenchmarks
{
    private static readonly HttpRequestOptionsKey<object> Option = new("McpIdentityHeaders.RequestIdentity");

    private readonly ClaimInjectionPlan _plan = new ClaimInjectionClient(new ClaimInjectionOptions()).Plan;
    private readonly ClaimsIdentity _user = (ClaimsIdentity)Principals.Ascii.Identity!;

    [Benchmark(Baseline = true)]
    public object Request() => McpPost.NewRequest();

    [Benchmark]
    public object OptionsRead() => McpPost.NewRequest().Options;

    [Benchmark]
    public int HeadersEnumerated() => Enumerate(McpPost.NewRequest().Headers);

    [Benchmark]
    public int ContentHeadersEnumerated() => Enumerate(McpPost.NewRequest().Content!.Headers);

    [Benchmark]
    public object EmptyClone() => Clone(McpPost.NewRequest());

    [Benchmark]
    public object CloneWithOption()
    {
        HttpRequestMessage clone = Clone(McpPost.NewRequest());
        clone.Options.Set(Option, _user);
        return clone;
    }

    [Benchmark]
    public object CloneWithHeaders() => Copy(McpPost.NewRequest());

    [Benchmark]
    public object CloneWithThreeMore()
    {
        HttpRequestMessage clone = Copy(McpPost.NewRequest());
        foreach ((string name, string value) in McpPost.ThreeHeaders)
        {
            clone.Headers.TryAddWithoutValidation(name, value);
        }

        return clone;
    }

    [Benchmark]
    public object ClaimsFound()
    {
        FoundClaims found = default;
        _plan.ClaimTypes.FindFirst(_user, ((Span<Claim?>)found)[.._plan.ClaimTypes.Count]);
        return McpPost.NewRequest();
    }

    private static int Enumerate(HttpHeaders headers)
    {
        int length = 0;
        foreach ((string name, HeaderStringValues values) in headers.NonValidated)
        {
            foreach (string value in values)
            {
                length += name.Length + value.Length;
            }
        }

        return length;
    }

    private static HttpRequestMessage Clone(HttpRequestMessage request) => new(request.Method, request.RequestUri)
    {
        Version = request.Version,
        VersionPolicy = request.VersionPolicy,
        Content = request.Content,
    };

    private static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        HttpRequestMessage clone = Clone(request);
        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            foreach (string value in values)
            {
                clone.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return clone;
    }
}
