using System.Net;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.Tests.Redirects;

public sealed class RedirectWithinOriginTests
{
    [Theory]
    [InlineData("/other/place", "/other/place", false)]
    [InlineData("/other/place", "/other/place", true)]
    [InlineData("sibling", "/api/sibling", false)]
    [InlineData("sibling", "/api/sibling", true)]
    [InlineData("../up", "/up", false)]
    [InlineData("../up", "/up", true)]
    [InlineData("?page=2", "/api/mcp?page=2", false)]
    [InlineData("?page=2", "/api/mcp?page=2", true)]
    public async Task Relative_location_is_resolved_against_the_request(string location, string arrives, bool synchronous)
    {
        // Only the first request: the same path with a query must not be redirected again.
        await using WireServer server = await WireServer.StartAsync(context => context.Request.QueryString.HasValue
            ? RedirectTesting.Echo(context)
            : RedirectTesting.From("/api/mcp", 302, location)(context));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.At("/api/mcp").ToString()), synchronous);

        Assert.Equal($"GET {arrives}", await response.Content.ReadAsStringAsync());
        Assert.Equal(["alice"], server.Heads[^1].Values("X-User-Sub"));
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Absolute_location_within_the_origin_is_followed(Wiring wiring, bool synchronous)
    {
        // The case of scheme and host is no part of an origin.
        await using WireServer server = await WireServer.StartAsync(context => RedirectTesting.From(
            "/mcp", 307, $"HTTP://LOCALHOST:{context.Request.Host.Port}/mcp/")(context));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal("POST /mcp/ {}", await response.Content.ReadAsStringAsync());
        Assert.Equal(["alice"], server.Heads[^1].Values("X-User-Sub"));
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Redirect_without_location_is_returned(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 302, location: null));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal("moved", await response.Content.ReadAsStringAsync());
        Assert.Single(server.Heads);
    }

    [Theory]
    [InlineData("ftp://localhost/mcp", false)]
    [InlineData("ftp://localhost/mcp", true)]
    [InlineData("file:///etc/hosts", false)]
    [InlineData("file:///etc/hosts", true)]
    [InlineData("http://", false)]
    [InlineData("http://", true)]
    public async Task Redirect_to_what_is_no_http_address_is_returned(string location, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 302, location));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Single(server.Heads);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Loop_ends_after_ten_hops_with_the_eleventh_redirect(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(307, "/mcp"));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal("moved", await response.Content.ReadAsStringAsync());
        Assert.Equal(11, server.Heads.Count);
        Assert.All(server.Heads, head => Assert.Equal(["alice"], head.Values("X-User-Sub")));
    }

    [Theory]
    [InlineData(10, "GET /10", false)]
    [InlineData(10, "GET /10", true)]
    [InlineData(11, "moved", false)]
    [InlineData(11, "moved", true)]
    public async Task Ten_hops_are_followed_and_not_one_more(int hops, string arrives, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(Hops(hops));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.At("/0").ToString()), synchronous);

        Assert.Equal(arrives, await response.Content.ReadAsStringAsync());
        Assert.Equal(11, server.Heads.Count);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public async Task Option_says_how_many_hops_are_followed(int allowed, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(Hops(5));
        await using WiredClient client = WiredClient.For(
            Wiring.NamedClient, Users.Alice, server.Uri, options => options.MaxRedirections = allowed);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.At("/0").ToString()), synchronous);

        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal($"/{allowed + 1}", response.Headers.Location!.OriginalString);
        Assert.Equal(allowed + 1, server.Heads.Count);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Response_refers_to_the_last_message_without_its_identity(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 307, "/mcp/"));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);
        HttpRequestMessage request = HttpTesting.Post(server.Uri.ToString()).WithHeader("X-Trace", "1", "2");

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(server.At("/mcp/"), response.RequestMessage!.RequestUri);
        Assert.Empty(new RecordedRequest(response.RequestMessage).Identity);
        Assert.Equal(["1", "2"], response.RequestMessage.Headers.GetValues("X-Trace"));
        Assert.Equal(server.Uri, request.RequestUri);
        Assert.Empty(new RecordedRequest(request).Identity);
        Assert.Equal(["1, 2"], server.Heads[^1].Values("X-Trace"));
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task User_set_for_the_request_is_its_user_after_a_redirect(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 302, "/mcp/"));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);
        HttpRequestMessage request = HttpTesting.Get(server.Uri.ToString());
        request.SetUser(Users.Bob);

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(2, server.Heads.Count);
        Assert.All(server.Heads, head => Assert.Equal(["bob"], head.Values("X-User-Sub")));
    }

    /// <summary>/0 leads to /1 and so on, so many times.</summary>
    private static RequestDelegate Hops(int count) => context =>
    {
        int hop = int.Parse(context.Request.Path.Value![1..], System.Globalization.CultureInfo.InvariantCulture);
        return hop < count ? RedirectTesting.Always(302, $"/{hop + 1}")(context) : RedirectTesting.Echo(context);
    };
}
