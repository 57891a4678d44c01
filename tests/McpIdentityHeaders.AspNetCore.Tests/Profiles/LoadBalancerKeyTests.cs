using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static McpIdentityHeaders.AspNetCore.IdentityAssertionProfile;

namespace McpIdentityHeaders.AspNetCore.Tests.Profiles;

/// <summary>A key's id is the caller's text, and chooses a file on one server at the most.</summary>
public sealed class LoadBalancerKeyTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Theory]
    [InlineData("../jwks")]
    [InlineData("..%2Fjwks")]
    [InlineData("//evil.example.com/key")]
    [InlineData("0b7f6c39-8d1e-4c1b-9a55-5f3f1c2d3e4f?x=1")]
    [InlineData("0b7f6c39-8d1e-4c1b-9a55-5f3f1c2d3e4f#x")]
    [InlineData("0b7f6c39-8d1e-4c1b-9a55-5f3f1c2d3e4f/..")]
    [InlineData("0B7F6C39-8D1E-4C1B-9A55-5F3F1C2D3E4F")]
    [InlineData("{0b7f6c39-8d1e-4c1b-9a55-5f3f1c2d3e4f}")]
    [InlineData("0b7f6c398d1e4c1b9a555f3f1c2d3e4f")]
    [InlineData(" 0b7f6c39-8d1e-4c1b-9a55-5f3f1c2d3e4f")]
    [InlineData("")]
    public async Task Key_id_that_is_no_canonical_UUID_has_nothing_fetched(string keyId)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await StartAsync(keys);

        int status = await SendAsync(host, keys, token => token.Header["kid"] = keyId);

        Assert.Equal(401, status);
        Assert.Empty(keys.Fetched);
    }

    [Theory]
    [InlineData("signer", "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/my-lb/50dc6c495c0c9189")]
    [InlineData("iss", "https://evil.example.com")]
    [InlineData("alg", "HS256")]
    public async Task Token_of_another_load_balancer_has_nothing_fetched(string parameter, string value)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await StartAsync(keys);

        int status = await SendAsync(host, keys, token => token.Header[parameter] = value);

        Assert.Equal(401, status);
        Assert.Empty(keys.Fetched);
    }

    [Fact]
    public async Task Key_is_fetched_once_for_many_requests()
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await StartAsync(keys);

        int[] statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(host, keys)));

        Assert.All(statuses, status => Assert.Equal(200, status));
        Assert.Equal([$"/pem/{ProxyKeys.EcId}"], keys.Fetched);
    }

    [Fact]
    public async Task Flood_of_key_ids_is_a_bounded_number_of_fetches()
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await StartAsync(keys);
        await SendAsync(host, keys);

        for (int sent = 0; sent < 40; sent++)
        {
            Assert.Equal(401, await SendAsync(host, keys, token => token.Header["kid"] = Guid.NewGuid().ToString("D")));
        }

        Assert.Equal(10, keys.Fetched.Count);
        Assert.Equal(200, await SendAsync(host, keys));

        _time.Advance(TimeSpan.FromSeconds(10));
        await SendAsync(host, keys, token => token.Header["kid"] = Guid.NewGuid().ToString("D"));
        Assert.Equal(11, keys.Fetched.Count);
    }

    public static TheoryData<string> UnusableNames => [.. Unusable.Keys];

    private static readonly Dictionary<string, RequestDelegate> Unusable = new()
    {
        ["error"] = context => { context.Response.StatusCode = 500; return Task.CompletedTask; },
        ["redirect"] = context => { context.Response.Redirect("/jwks"); return Task.CompletedTask; },
        ["nothing"] = _ => Task.CompletedTask,
        ["a page"] = context => context.Response.WriteAsync("<html>-----BEGIN</html>"),
        ["another curve"] = context => WriteAsync(context, ECDsa.Create(ECCurve.NamedCurves.nistP384).ExportSubjectPublicKeyInfoPem()),
        ["a private key"] = context => WriteAsync(context, ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportPkcs8PrivateKeyPem()),
        ["an RSA key"] = context => WriteAsync(context, RSA.Create(2048).ExportSubjectPublicKeyInfoPem()),
        ["too much"] = context => WriteAsync(context, new string('x', 2 * 1024 * 1024)),
        ["another key"] = context => WriteAsync(context, ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportSubjectPublicKeyInfoPem()),
    };

    [Theory]
    [MemberData(nameof(UnusableNames))]
    public async Task Response_that_is_not_the_key_verifies_nothing(string name)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        keys.PemResponse = Unusable[name];
        await using ReceivingHost host = await StartAsync(keys);

        Assert.Equal(401, await SendAsync(host, keys));
        Assert.DoesNotContain("/jwks", keys.Fetched);
    }

    [Theory]
    [InlineData(403, 401)]
    [InlineData(404, 401)]
    [InlineData(503, 200)]
    public async Task Key_that_was_withdrawn_counts_for_an_hour(int answer, int status)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await StartAsync(keys);
        Assert.Equal(200, await SendAsync(host, keys));
        keys.PemResponse = context =>
        {
            context.Response.StatusCode = answer;
            return Task.CompletedTask;
        };

        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(200, await SendAsync(host, keys));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(status, await SendAsync(host, keys));
        Assert.Equal(2, keys.Fetched.Count);
    }

    private Task<ReceivingHost> StartAsync(ProxyKeys keys) => AssertionProfileHost.StartAsync(
        keys, AwsApplicationLoadBalancer, services: services => services.AddSingleton<TimeProvider>(_time));

    private async Task<int> SendAsync(ReceivingHost host, ProxyKeys keys, Action<ProxyToken>? change = null)
    {
        var token = new ProxyToken(keys, AwsApplicationLoadBalancer, _time.GetUtcNow());
        change?.Invoke(token);
        return (await host.GetAsync("/open", AssertionProfileHost.Line(AwsApplicationLoadBalancer, token.Sign()))).Status;
    }

    private static Task WriteAsync(HttpContext context, string text) => context.Response.WriteAsync(text);
}
