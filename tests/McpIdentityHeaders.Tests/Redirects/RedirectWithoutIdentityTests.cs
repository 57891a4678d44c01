using System.Net;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>A request without identity follows the framework's rules, but never from a third party into a trusted origin.</summary>
public sealed class RedirectWithoutIdentityTests
{
    public enum Caller
    {
        Unknown,
        Anonymous,
        Authenticated,
    }

    public static TheoryData<Caller, Wiring, bool> AnyCaller => Data(Caller.Unknown, Caller.Anonymous, Caller.Authenticated);

    public static TheoryData<Caller, Wiring, bool> WithoutIdentity => Data(Caller.Unknown, Caller.Anonymous);

    [Theory]
    [MemberData(nameof(WithoutIdentity))]
    public async Task Redirect_to_another_origin_is_followed_without_authorization(Caller caller, Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync(RedirectTesting.Echo);
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(307, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(caller), server.Uri);
        HttpRequestMessage request =
            HttpTesting.Post(server.Uri.ToString()).WithHeader("Authorization", "Bearer token").WithHeader("X-Trace", "1");

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal("POST /mcp {}", await response.Content.ReadAsStringAsync());
        Assert.Equal(["Bearer token"], server.OnlyHead.Values("Authorization"));
        Assert.Empty(elsewhere.OnlyHead.Values("Authorization"));
        Assert.Empty(elsewhere.OnlyHead.Identity);
        Assert.Equal(["1"], elsewhere.OnlyHead.Values("X-Trace"));
        Assert.Equal("Bearer token", request.Headers.Authorization!.ToString());
        Assert.Null(response.RequestMessage!.Headers.Authorization);
    }

    [Theory]
    [MemberData(nameof(WithoutIdentity))]
    public async Task Redirect_from_http_to_https_is_followed(Caller caller, Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartHttpsAsync(RedirectTesting.Echo);
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(308, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(caller), server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal("POST /mcp {}", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [MemberData(nameof(WithoutIdentity))]
    public async Task Redirect_from_https_to_http_is_returned(Caller caller, Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartHttpsAsync(RedirectTesting.Always(308, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(caller), server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.PermanentRedirect, response.StatusCode);
        Assert.Empty(elsewhere.Heads);
    }

    [Theory]
    [MemberData(nameof(AnyCaller))]
    public async Task Redirect_by_a_third_party_into_the_trusted_origin_is_returned(Caller caller, Wiring wiring, bool synchronous)
    {
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer thirdParty =
            await WireServer.StartAsync(RedirectTesting.Always(307, trusted.At("/mcp/delete-all").ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(caller), trusted.Uri);
        HttpRequestMessage request = HttpTesting.Post(thirdParty.Uri.ToString());

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal("moved", await response.Content.ReadAsStringAsync());
        Assert.Same(request, response.RequestMessage);
        Assert.Empty(thirdParty.OnlyHead.Identity);
        Assert.Empty(trusted.Heads);
    }

    [Theory]
    [MemberData(nameof(AnyCaller))]
    public async Task Redirect_by_two_third_parties_into_the_trusted_origin_is_returned(Caller caller, Wiring wiring, bool synchronous)
    {
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer second = await WireServer.StartAsync(RedirectTesting.Always(302, trusted.Uri.ToString()));
        await using WireServer first = await WireServer.StartAsync(RedirectTesting.Always(302, second.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(caller), trusted.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(first.Uri.ToString()), synchronous);

        Assert.Equal(trusted.Uri, response.Headers.Location);
        Assert.Equal(second.Uri, response.RequestMessage!.RequestUri);
        Assert.Empty(first.OnlyHead.Identity);
        Assert.Empty(second.OnlyHead.Identity);
        Assert.Empty(trusted.Heads);
    }

    [Theory]
    [MemberData(nameof(WithoutIdentity))]
    public async Task Redirect_back_into_the_trusted_origin_is_returned(Caller caller, Wiring wiring, bool synchronous)
    {
        WireServer? thirdParty = null;
        await using WireServer trusted =
            await WireServer.StartAsync(context => RedirectTesting.Always(302, thirdParty!.Uri.ToString())(context));
        await using (thirdParty = await WireServer.StartAsync(RedirectTesting.Always(302, trusted.At("/back").ToString())))
        {
            await using WiredClient client = WiredClient.For(wiring, Principal(caller), trusted.Uri);

            using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(trusted.Uri.ToString()), synchronous);

            Assert.Equal(trusted.At("/back"), response.Headers.Location);
            Assert.Equal("GET /mcp HTTP/1.1", trusted.OnlyHead.RequestLine);
            Assert.Single(thirdParty.Heads);
        }
    }

    [Theory]
    [MemberData(nameof(AnyCaller))]
    public async Task Redirect_between_third_parties_is_followed_without_identity(Caller caller, Wiring wiring, bool synchronous)
    {
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer second = await WireServer.StartAsync(RedirectTesting.Echo);
        await using WireServer first = await WireServer.StartAsync(RedirectTesting.Always(302, second.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(caller), trusted.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(first.Uri.ToString()), synchronous);

        Assert.Equal("GET /mcp", await response.Content.ReadAsStringAsync());
        Assert.Empty(first.OnlyHead.Identity);
        Assert.Empty(second.OnlyHead.Identity);
    }

    private static ClaimsPrincipal? Principal(Caller caller) => caller switch
    {
        Caller.Authenticated => Users.Alice,
        Caller.Anonymous => Users.Anonymous,
        _ => null,
    };

    private static TheoryData<Caller, Wiring, bool> Data(params Caller[] callers)
    {
        var data = new TheoryData<Caller, Wiring, bool>();
        foreach (object[] path in WiredClient.Paths)
        {
            Array.ForEach(callers, caller => data.Add(caller, (Wiring)path[0], (bool)path[1]));
        }

        return data;
    }
}
