using System.Net;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>A request without an identity follows the framework's rules, but no third party brings it into a trusted origin.</summary>
public sealed class RedirectWithoutIdentityTests
{
    public enum UserNames
    {
        NotKnown,
        Nobody,
        User,
    }

    public static TheoryData<UserNames, Wiring, bool> Everyone => Data(UserNames.NotKnown, UserNames.Nobody, UserNames.User);

    public static TheoryData<UserNames, Wiring, bool> WithoutUser => Data(UserNames.NotKnown, UserNames.Nobody);

    [Theory]
    [MemberData(nameof(WithoutUser))]
    public async Task Redirect_to_another_origin_is_followed_without_authorization(UserNames who, Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync(RedirectTesting.Echo);
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(307, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(who), server.Uri);
        HttpRequestMessage request = HttpTesting.Post(server.Uri.ToString()).WithHeader("Authorization", "Bearer token").WithHeader("X-Trace", "1");

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
    [MemberData(nameof(WithoutUser))]
    public async Task Redirect_from_http_to_https_is_followed(UserNames who, Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartHttpsAsync(RedirectTesting.Echo);
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(308, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(who), server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal("POST /mcp {}", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [MemberData(nameof(WithoutUser))]
    public async Task Redirect_from_https_to_http_is_returned(UserNames who, Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartHttpsAsync(RedirectTesting.Always(308, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(who), server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.PermanentRedirect, response.StatusCode);
        Assert.Empty(elsewhere.Heads);
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public async Task Redirect_by_a_third_party_into_the_trusted_origin_is_returned(UserNames who, Wiring wiring, bool synchronous)
    {
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer thirdParty = await WireServer.StartAsync(RedirectTesting.Always(307, trusted.At("/mcp/delete-all").ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(who), trusted.Uri);
        HttpRequestMessage request = HttpTesting.Post(thirdParty.Uri.ToString());

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal("moved", await response.Content.ReadAsStringAsync());
        Assert.Same(request, response.RequestMessage);
        Assert.Empty(thirdParty.OnlyHead.Identity);
        Assert.Empty(trusted.Heads);
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public async Task Redirect_by_two_third_parties_into_the_trusted_origin_is_returned(UserNames who, Wiring wiring, bool synchronous)
    {
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer second = await WireServer.StartAsync(RedirectTesting.Always(302, trusted.Uri.ToString()));
        await using WireServer first = await WireServer.StartAsync(RedirectTesting.Always(302, second.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(who), trusted.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(first.Uri.ToString()), synchronous);

        Assert.Equal(trusted.Uri, response.Headers.Location);
        Assert.Equal(second.Uri, response.RequestMessage!.RequestUri);
        Assert.Empty(first.OnlyHead.Identity);
        Assert.Empty(second.OnlyHead.Identity);
        Assert.Empty(trusted.Heads);
    }

    [Theory]
    [MemberData(nameof(WithoutUser))]
    public async Task Redirect_back_into_the_trusted_origin_is_returned(UserNames who, Wiring wiring, bool synchronous)
    {
        WireServer? thirdParty = null;
        await using WireServer trusted = await WireServer.StartAsync(context => RedirectTesting.Always(302, thirdParty!.Uri.ToString())(context));
        await using (thirdParty = await WireServer.StartAsync(RedirectTesting.Always(302, trusted.At("/back").ToString())))
        {
            await using WiredClient client = WiredClient.For(wiring, Principal(who), trusted.Uri);

            using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(trusted.Uri.ToString()), synchronous);

            Assert.Equal(trusted.At("/back"), response.Headers.Location);
            Assert.Equal("GET /mcp HTTP/1.1", trusted.OnlyHead.RequestLine);
            Assert.Single(thirdParty.Heads);
        }
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public async Task Redirect_between_third_parties_is_followed_without_identity(UserNames who, Wiring wiring, bool synchronous)
    {
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer second = await WireServer.StartAsync(RedirectTesting.Echo);
        await using WireServer first = await WireServer.StartAsync(RedirectTesting.Always(302, second.Uri.ToString()));
        await using WiredClient client = WiredClient.For(wiring, Principal(who), trusted.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(first.Uri.ToString()), synchronous);

        Assert.Equal("GET /mcp", await response.Content.ReadAsStringAsync());
        Assert.Empty(first.OnlyHead.Identity);
        Assert.Empty(second.OnlyHead.Identity);
    }

    private static ClaimsPrincipal? Principal(UserNames who) => who switch
    {
        UserNames.User => Users.Alice,
        UserNames.Nobody => Users.Anonymous,
        _ => null,
    };

    private static TheoryData<UserNames, Wiring, bool> Data(params UserNames[] users)
    {
        var data = new TheoryData<UserNames, Wiring, bool>();
        foreach (object[] path in WiredClient.Paths)
        {
            Array.ForEach(users, who => data.Add(who, (Wiring)path[0], (bool)path[1]));
        }

        return data;
    }
}
