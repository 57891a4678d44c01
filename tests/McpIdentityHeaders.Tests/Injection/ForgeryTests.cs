using System.Net.Http.Headers;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Ways to forge an identity header other than by setting one.</summary>
public sealed class ForgeryTests
{
    private const string Forged = "a\r\nX-User-Sub: mallory";

    public static TheoryData<string, bool> HeaderNames =>
        TheoryCases.InBothWays("X-User-Sub", "x-user-sub", "X_User_Sub", "X.User.Email", "x_USER.name");

    public static TheoryData<string, bool> UnsafeValues => TheoryCases.InBothWays(Forged, "a\rb", "a\nX-User-Sub: mallory", "a\0b", "\n");

    [Theory]
    [MemberData(nameof(HeaderNames))]
    public async Task Identity_header_among_content_headers_is_refused(string name, bool synchronous)
    {
        HttpRequestMessage Forge(Uri uri) => WithContentHeader(uri, name, "mallory");

        await AssertRefusedAsync(Users.Alice, Forge, name, synchronous);
        await AssertRefusedAsync(Users.Anonymous, Forge, name, synchronous);
        await AssertRefusedAsync(user: null, Forge, name, synchronous, MissingIdentityBehavior.StripHeaders);
    }

    [Theory]
    [MemberData(nameof(UnsafeValues))]
    public async Task Line_break_or_null_in_another_headers_value_is_refused(string value, bool synchronous)
    {
        HttpRequestMessage Forge(Uri uri) => HttpTesting.Post(uri.ToString()).WithHeader("X-Trace", "fine", value);

        await AssertRefusedAsync(Users.Alice, Forge, "X-Trace", synchronous);
        await AssertRefusedAsync(Users.Anonymous, Forge, "X-Trace", synchronous);
        await AssertRefusedAsync(user: null, Forge, "X-Trace", synchronous, MissingIdentityBehavior.StripHeaders);
    }

    [Theory]
    [MemberData(nameof(UnsafeValues))]
    public async Task Line_break_or_null_in_a_content_headers_value_is_refused(string value, bool synchronous)
    {
        HttpRequestMessage Forge(Uri uri) => WithContentHeader(uri, "Content-Language", value);

        await AssertRefusedAsync(Users.Alice, Forge, "Content-Language", synchronous);
        await AssertRefusedAsync(Users.Anonymous, Forge, "Content-Language", synchronous);
        await AssertRefusedAsync(user: null, Forge, "Content-Language", synchronous, MissingIdentityBehavior.StripHeaders);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Forged_line_to_an_untrusted_origin_is_refused_too(Wiring wiring, bool synchronous)
    {
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync();
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, trusted.Uri);

        await Assert.ThrowsAsync<ClaimInjectionException>(() =>
            client.SendAsync(HttpTesting.Get(server.Uri.ToString()).WithHeader("X-Trace", Forged), synchronous));

        Assert.Empty(server.Heads);
    }

    [Theory]
    [InlineData("X-User-Sub", "", false)]
    [InlineData("X-User-Sub", "", true)]
    [InlineData("keep-alive, X-User-Sub", "keep-alive", false)]
    [InlineData("keep-alive, X-User-Sub", "keep-alive", true)]
    [InlineData("x_user.SUB,keep-alive", "keep-alive", false)]
    [InlineData("x_user.SUB,keep-alive", "keep-alive", true)]
    [InlineData("X-Hop,\tx-user-email , ,X-User-Name,X-Other", "X-Hop, X-Other", false)]
    [InlineData("X-Hop,\tx-user-email , ,X-User-Name,X-Other", "X-Hop, X-Other", true)]
    public async Task Identity_header_name_in_the_connection_header_is_removed(string sent, string arrives, bool synchronous)
    {
        foreach (ClaimsPrincipal user in new[] { Users.Alice, Users.Anonymous })
        {
            await using WireServer server = await WireServer.StartAsync();
            await using WiredClient client = WiredClient.For(Wiring.NamedClient, user, server.Uri);
            HttpRequestMessage request = HttpTesting.Get(server.Uri.ToString()).WithHeader("Connection", sent);

            using HttpResponseMessage response = await client.SendAsync(request, synchronous);

            Assert.Equal(arrives, string.Join(", ", server.OnlyHead.Values("Connection")));
            Assert.Equal([sent], request.Headers.NonValidated["Connection"]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Identity_header_name_in_one_of_several_connection_headers_is_removed(bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync();
        await using WiredClient client = WiredClient.For(Wiring.ByHand, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Get(server.Uri.ToString()).WithHeader("connection", "keep-alive", "X-USER-SUB", "X-Hop"), synchronous);

        Assert.Equal("keep-alive, X-Hop", string.Join(", ", server.OnlyHead.Values("Connection")));
        Assert.Equal(["alice"], server.OnlyHead.Values("X-User-Sub"));
    }

    [Theory]
    [MemberData(nameof(HeaderNames))]
    public async Task Alias_among_the_clients_default_headers_is_dropped(string alias, bool synchronous)
    {
        foreach (ClaimsPrincipal user in new[] { Users.Named("alice"), Users.Anonymous })
        {
            await using WireServer server = await WireServer.StartAsync();
            using var client =
                new HttpClient(new ClaimInjectionHandler(new PropertyAccessor(user)) { InnerHandler = new SocketsHttpHandler() });
            Assert.True(client.DefaultRequestHeaders.TryAddWithoutValidation(alias, "mallory"));

            using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

            string[] expected = user.Identity!.IsAuthenticated ? ["X-User-Sub: alice"] : [];
            Assert.Equal(expected, server.OnlyHead.Identity.Select(header => $"{header.Key}: {header.Value}"));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unknown_user_with_Forward_leaves_the_request_unchanged(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor());
        HttpRequestMessage request = WithContentHeader(new Uri(HttpTesting.Endpoint), "X_User_Sub", "mallory")
            .WithHeader("X-User-Sub", "service", "worker")
            .WithHeader("Connection", "X-User-Sub")
            .WithHeader("X-Trace", Forged);
        HttpContent? content = request.Content;
        string[] before = Lines(request.Headers.NonValidated);

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Same(request, backend.Only.Message);
        Assert.Same(request, response.RequestMessage);
        Assert.Same(content, request.Content);
        Assert.Equal(before, Lines(request.Headers.NonValidated));
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Unknown_user_with_StripHeaders_is_treated_as_anonymous(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync();
        await using WiredClient unknown = WiredClient.For(
            wiring, user: null, server.Uri, options => options.MissingIdentity = MissingIdentityBehavior.StripHeaders);
        await using WiredClient anonymous = WiredClient.For(wiring, Users.Anonymous, server.Uri);

        foreach (WiredClient client in new[] { unknown, anonymous })
        {
            HttpRequestMessage request = HttpTesting.Post(server.Uri.ToString())
                .WithHeader("x_user.sub", "mallory")
                .WithHeader("Connection", "keep-alive, X-User-Email")
                .WithHeader("X-Trace", "1");
            using HttpResponseMessage response = await client.SendAsync(request, synchronous);
        }

        Assert.Equal(2, server.Heads.Count);
        Assert.All(server.Heads, head => Assert.Empty(head.Identity));
        Assert.All(server.Heads, head => Assert.Equal(["keep-alive"], head.Values("Connection")));
        Assert.Equal(server.Heads[1].HeaderLines, server.Heads[0].HeaderLines);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Unknown_user_with_Reject_throws_and_sends_nothing(Wiring wiring, bool synchronous)
    {
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer untrusted = await WireServer.StartAsync();
        await using WiredClient client = WiredClient.For(
            wiring, user: null, trusted.Uri, options => options.MissingIdentity = MissingIdentityBehavior.Reject);

        foreach (WireServer server in new[] { trusted, untrusted })
        {
            ClaimInjectionException refused = await Assert.ThrowsAsync<ClaimInjectionException>(() =>
                client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous));
            Assert.Contains("MissingIdentity", refused.Message, StringComparison.Ordinal);
            Assert.Empty(server.Heads);
        }
    }

    private static async Task AssertRefusedAsync(
        ClaimsPrincipal? user,
        Func<Uri, HttpRequestMessage> forge,
        string header,
        bool synchronous,
        MissingIdentityBehavior missing = MissingIdentityBehavior.Forward)
    {
        await using WireServer server = await WireServer.StartAsync();
        await using WiredClient client =
            WiredClient.For(Wiring.NamedClient, user, server.Uri, options => options.MissingIdentity = missing);

        ClaimInjectionException refused = await Assert.ThrowsAsync<ClaimInjectionException>(() =>
            client.SendAsync(forge(server.Uri), synchronous));

        Assert.Contains($"'{header}'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("mallory", refused.Message, StringComparison.Ordinal);
        Assert.Empty(server.Heads);
    }

    private static HttpRequestMessage WithContentHeader(Uri uri, string name, string value)
    {
        var content = new StringContent("{}");
        Assert.True(content.Headers.TryAddWithoutValidation(name, value));
        return HttpTesting.Post(uri.ToString(), content);
    }

    private static string[] Lines(HttpHeadersNonValidated headers) => [.. headers.Select(header => $"{header.Key}: {header.Value}")];
}
