using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>Redirects within one origin are followed by dotnet/runtime's rules for location, method and content.</summary>
public sealed class RedirectFollowingTests
{
    [Theory]
    [InlineData("http://a.test/old#part", "/new", "#part")]
    [InlineData("http://a.test/old#part", "/new#other", "#other")]
    [InlineData("http://a.test/old", "/new#other", "#other")]
    [InlineData("http://a.test/old", "/new", "")]
    public async Task Target_without_a_fragment_inherits_the_requests(string from, string location, string expected)
    {
        List<Uri> sent = [];
        using var client = new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler = new StubHandler(request =>
            {
                sent.Add(request.RequestUri!);
                return Task.FromResult(sent.Count > 1
                    ? new HttpResponseMessage(HttpStatusCode.OK)
                    : new HttpResponseMessage(HttpStatusCode.Found) { Headers = { Location = new Uri(location, UriKind.Relative) } });
            }),
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(from), CancellationToken.None);

        Assert.Equal(["http://a.test/old", "http://a.test/new"], sent.Select(uri => uri.GetLeftPart(UriPartial.Path)));
        Assert.Equal(expected, sent[1].Fragment);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Response_that_is_followed_is_disposed(bool synchronous)
    {
        var content = new StringContent("moved");
        int requests = 0;
        using var client = new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler = new StubHandler(_ => Task.FromResult(requests++ > 0
                ? new HttpResponseMessage(HttpStatusCode.OK)
                : new HttpResponseMessage(HttpStatusCode.Found)
                {
                    Content = content,
                    Headers = { Location = new Uri("/new", UriKind.Relative) },
                })),
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous);

        await Assert.ThrowsAsync<ObjectDisposedException>(content.ReadAsStringAsync);
    }

    private const string Body = "{\"id\":1}";

    public static TheoryData<string, bool> Repeatable =>
        TheoryCases.InBothWays("string", "bytes", "part of bytes", "memory", "json", "seekable stream");

    public static TheoryData<string, bool> Unrepeatable =>
        TheoryCases.InBothWays("stream", "custom", "multipart of stream", "lazy sequence");

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
        // Redirect the first request only: the same path arrives again with a query.
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
        // Scheme and host of an origin are case-insensitive.
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
    public async Task Redirect_to_a_location_that_is_not_http_is_returned(string location, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 302, location));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Single(server.Heads);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Redirect_loop_ends_with_the_eleventh_redirect(Wiring wiring, bool synchronous)
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
    public async Task Redirect_chain_is_followed_for_ten_hops_at_most(int hops, string arrives, bool synchronous)
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
    public async Task MaxRedirections_limits_the_hops(int allowed, bool synchronous)
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
    public async Task User_set_for_the_request_is_kept_after_a_redirect(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 302, "/mcp/"));
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);
        HttpRequestMessage request = HttpTesting.Get(server.Uri.ToString());
        request.SetUser(Users.Bob);

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(2, server.Heads.Count);
        Assert.All(server.Heads, head => Assert.Equal(["bob"], head.Values("X-User-Sub")));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Redirect_within_the_origin_follows_the_frameworks_method_rules(
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

    [Theory]
    [MemberData(nameof(Repeatable))]
    public async Task Repeatable_content_arrives_whole_after_a_redirect(string kind, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 307, "/mcp/"));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString(), Content(kind)), synchronous);

        Assert.Equal($"POST /mcp/ {Body}", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [MemberData(nameof(Unrepeatable))]
    public async Task Redirect_of_unrepeatable_content_is_returned(string kind, bool synchronous)
    {
        foreach (int status in new[] { 307, 308 })
        {
            await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", status, "/mcp/"));
            await using WiredClient client = WiredClient.For(Wiring.ByHand, Users.Alice, server.Uri);

            using HttpResponseMessage response =
                await client.SendAsync(HttpTesting.Post(server.Uri.ToString(), Content(kind)), synchronous);

            Assert.Equal((HttpStatusCode)status, response.StatusCode);
            Assert.Equal("/mcp/", response.Headers.Location!.OriginalString);
            Assert.Equal("moved", await response.Content.ReadAsStringAsync());
            Assert.Single(server.Heads);
        }
    }

    [Theory]
    [MemberData(nameof(Unrepeatable))]
    public async Task Unrepeatable_content_without_identity_is_not_sent_to_another_origin(string kind, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync(RedirectTesting.Echo);
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(307, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, user: null, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString(), Content(kind)), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Empty(elsewhere.Heads);
    }

    [Theory]
    [MemberData(nameof(Unrepeatable))]
    public async Task Redirect_that_drops_the_content_is_followed_for_any_content(string kind, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 303, "/done"));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString(), Content(kind)), synchronous);

        Assert.Equal("GET /done", await response.Content.ReadAsStringAsync());
        Assert.Empty(server.Heads[^1].Values("Transfer-Encoding"));
        Assert.Empty(server.Heads[^1].Values("Content-Length"));
    }

    [Fact]
    public async Task Redirect_of_an_async_sequence_is_returned()
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 307, "/done"));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        // Only SendAsync can write an async sequence.
        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Post(server.Uri.ToString(), Content("async sequence")), synchronous: false);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
    }

    /// <summary>Redirects /0 to /1 and so on, the given number of times.</summary>
    private static RequestDelegate Hops(int count) => context =>
    {
        int hop = int.Parse(context.Request.Path.Value![1..], System.Globalization.CultureInfo.InvariantCulture);
        return hop < count ? RedirectTesting.Always(302, $"/{hop + 1}")(context) : RedirectTesting.Echo(context);
    };

    private static HttpContent Content(string kind)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Body);
        return kind switch
        {
            "string" => new StringContent(Body),
            "bytes" => new ByteArrayContent(bytes),
            "part of bytes" => new ByteArrayContent([.. "--"u8, .. bytes, .. "--"u8], 2, bytes.Length),
            "memory" => new ReadOnlyMemoryContent(bytes),
            "json" => JsonContent.Create(new { id = 1 }),
            "seekable stream" => new StreamContent(StreamAfter("--"u8, bytes)),
            "stream" => new StreamContent(new OneWayStream(bytes)),
            "lazy sequence" => JsonContent.Create(Enumerable.Range(0, 2).Select(id => new { id })),
            "async sequence" => JsonContent.Create(AsyncEnumerable.Range(0, 2)),
            "custom" => new CustomContent(bytes),
            "multipart of stream" => new MultipartContent { new StringContent(Body), new StreamContent(new OneWayStream(bytes)) },
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    /// <summary>A stream positioned after a part that has been read.</summary>
    private static MemoryStream StreamAfter(ReadOnlySpan<byte> read, byte[] rest) => new([.. read, .. rest]) { Position = read.Length };

    private sealed class OneWayStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }

    /// <summary>A caller's type of content: whether it can be written twice is unknown.</summary>
    private sealed class CustomContent(byte[] bytes) : HttpContent
    {
        protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            stream.Write(bytes);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}
