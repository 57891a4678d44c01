using System.Net;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>A request that carries an identity is not followed out of its origin.</summary>
public sealed class RedirectIdentityTests
{
    public static TheoryData<int, Wiring, bool> EveryRedirect()
    {
        var data = new TheoryData<int, Wiring, bool>();
        foreach (object[] path in WiredClient.Paths)
        {
            Array.ForEach([301, 302, 303, 307, 308], status => data.Add(status, (Wiring)path[0], (bool)path[1]));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(EveryRedirect))]
    public async Task Redirect_to_another_port_is_returned_as_it_came(int status, Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(status, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);
        HttpRequestMessage request = HttpTesting.Post(server.Uri.ToString());

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.Equal(elsewhere.Uri, response.Headers.Location);
        Assert.Equal("moved", await response.Content.ReadAsStringAsync());
        Assert.Same(request, response.RequestMessage);
        Assert.Empty(new RecordedRequest(request).Identity);
        Assert.Equal(["alice"], server.OnlyHead.Values("X-User-Sub"));
        Assert.Empty(elsewhere.Heads);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Redirect_to_another_host_is_not_followed(Wiring wiring, bool synchronous)
    {
        // One server under two names: its port and scheme are the same.
        await using WireServer server = await WireServer.StartAsync(context =>
            RedirectTesting.From("/mcp", 307, $"http://127.0.0.1:{context.Request.Host.Port}/mcp/")(context));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal("POST /mcp HTTP/1.1", server.OnlyHead.RequestLine);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Redirect_from_http_to_https_is_not_followed(Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartHttpsAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(308, elsewhere.Uri.ToString()));

        await AssertNotFollowedAsync(server, elsewhere, wiring, synchronous);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Redirect_from_https_to_http_is_not_followed(Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartHttpsAsync(RedirectTesting.Always(308, elsewhere.Uri.ToString()));

        await AssertNotFollowedAsync(server, elsewhere, wiring, synchronous);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Location_without_a_scheme_is_another_origin_if_its_host_is(Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(302, $"//{elsewhere.Uri.Authority}/mcp"));

        await AssertNotFollowedAsync(server, elsewhere, wiring, synchronous);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Second_hop_does_not_leave_the_origin_either(Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(context => context.Request.Path == "/mcp"
            ? RedirectTesting.Always(307, "/mcp/")(context)
            : RedirectTesting.Always(307, elsewhere.Uri.ToString())(context));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal(elsewhere.Uri, response.Headers.Location);
        Assert.Equal(server.At("/mcp/"), response.RequestMessage!.RequestUri);
        Assert.Empty(new RecordedRequest(response.RequestMessage).Identity);
        Assert.Equal(2, server.Heads.Count);
        Assert.Empty(elsewhere.Heads);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Redirect_from_one_trusted_origin_to_another_is_not_followed(Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(307, elsewhere.Uri.ToString()));

        await AssertNotFollowedAsync(server, elsewhere, wiring, synchronous, options => options.TrustedOrigins.Add(elsewhere.Uri));
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Redirect_elsewhere_is_not_followed_even_where_any_origin_is_served(Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(302, elsewhere.Uri.ToString()));

        await AssertNotFollowedAsync(server, elsewhere, wiring, synchronous, options => options.AllowAnyOrigin = true);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Refused_redirect_is_counted_and_logged_with_both_origins(bool fromHttpsToHttp, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        string location = elsewhere.At("/secret-path").ToString();
        await using WireServer server = fromHttpsToHttp
            ? await WireServer.StartHttpsAsync(RedirectTesting.Always(302, location))
            : await WireServer.StartAsync(RedirectTesting.Always(302, location));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);
        using MetricCollector<long> refused = client.Collect("mcp.identity.redirects.refused");

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Equal(1, Assert.Single(refused.GetMeasurementSnapshot()).Value);
        string warning = Assert.Single(client.Logs.GetSnapshot(), log => log.Level == LogLevel.Warning).Message;
        Assert.Contains(server.Uri.GetLeftPart(UriPartial.Authority), warning, StringComparison.Ordinal);
        Assert.Contains(elsewhere.Uri.GetLeftPart(UriPartial.Authority), warning, StringComparison.Ordinal);
        Assert.Contains(WiredClient.Name, warning, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-path", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", warning, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Redirect_that_is_followed_is_not_counted_as_refused(bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 302, "/mcp/"));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);
        using MetricCollector<long> refused = client.Collect("mcp.identity.redirects.refused");

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(refused.GetMeasurementSnapshot());
    }

    private static async Task AssertNotFollowedAsync(
        WireServer server, WireServer elsewhere, Wiring wiring, bool synchronous, Action<ClaimInjectionOptions>? configure = null)
    {
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri, configure);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.InRange((int)response.StatusCode, 300, 399);
        Assert.Equal(["alice"], server.OnlyHead.Values("X-User-Sub"));
        Assert.Empty(elsewhere.Heads);
    }
}
