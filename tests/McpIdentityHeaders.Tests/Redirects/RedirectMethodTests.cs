using System.Net;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>Within one origin, redirects are followed with the framework's rules for the method.</summary>
public sealed class RedirectMethodTests
{
    public static TheoryData<int, string, string, Wiring, bool> Rules()
    {
        (int Status, string Method, string Followed)[] rules =
        [
            (301, "GET", "GET"), (301, "POST", "GET"), (301, "PUT", "PUT"), (301, "DELETE", "DELETE"),
            (302, "GET", "GET"), (302, "POST", "GET"), (302, "PUT", "PUT"), (302, "DELETE", "DELETE"),
            (303, "GET", "GET"), (303, "POST", "GET"), (303, "PUT", "GET"), (303, "DELETE", "GET"),
            (307, "GET", "GET"), (307, "POST", "POST"), (307, "PUT", "PUT"), (307, "DELETE", "DELETE"),
            (308, "GET", "GET"), (308, "POST", "POST"), (308, "PUT", "PUT"), (308, "DELETE", "DELETE"),
        ];

        var data = new TheoryData<int, string, string, Wiring, bool>();
        foreach (bool synchronous in new[] { false, true })
        {
            foreach ((int status, string method, string followed) in rules)
            {
                data.Add(status, method, followed, Wiring.NamedClient, synchronous);
                data.Add(status, method, followed, Wiring.ByHand, synchronous);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Redirect_within_the_origin_is_followed_as_the_framework_does(
        int status, string method, string followed, Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", status, "/mcp/"));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);
        bool hasBody = method is "POST" or "PUT";
        var request = new HttpRequestMessage(new HttpMethod(method), server.Uri) { Content = hasBody ? new StringContent("{}") : null };

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        bool keepsBody = hasBody && followed == method;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(keepsBody ? $"{followed} /mcp/ {{}}" : $"{followed} /mcp/", await response.Content.ReadAsStringAsync());
        Assert.Equal([$"{method} /mcp HTTP/1.1", $"{followed} /mcp/ HTTP/1.1"], server.Heads.Select(head => head.RequestLine));
        Assert.All(server.Heads, head => Assert.Equal(["alice"], head.Values("X-User-Sub")));
        Assert.Equal(keepsBody, server.Heads[1].Values("Content-Length") is ["2"]);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Head_stays_head_after_303(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 303, "/mcp/"));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, server.Uri), synchronous);

        Assert.Equal(["HEAD /mcp HTTP/1.1", "HEAD /mcp/ HTTP/1.1"], server.Heads.Select(head => head.RequestLine));
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Redirect_within_an_https_origin_keeps_method_body_and_identity(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartHttpsAsync(RedirectTesting.From("/mcp", 308, "/mcp/"));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal("POST /mcp/ {}", await response.Content.ReadAsStringAsync());
        Assert.All(server.Heads, head => Assert.Equal(["alice"], head.Values("X-User-Sub")));
    }
}
