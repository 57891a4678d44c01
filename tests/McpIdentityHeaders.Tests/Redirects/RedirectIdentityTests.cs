using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>A request that carried an identity as it went out is not followed to another origin.</summary>
public sealed class RedirectIdentityTests
{
    private const string Elsewhere = "http://elsewhere.test/";

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
    public async Task Redirect_to_another_port_is_returned_unchanged(int status, Wiring wiring, bool synchronous)
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
        // One server under two host names, with the same scheme and port.
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
    public async Task Location_without_a_scheme_to_another_host_is_not_followed(Wiring wiring, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(302, $"//{elsewhere.Uri.Authority}/mcp"));

        await AssertNotFollowedAsync(server, elsewhere, wiring, synchronous);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Second_hop_out_of_the_origin_is_not_followed(Wiring wiring, bool synchronous)
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
    public async Task Redirect_to_another_origin_is_not_followed_even_with_AllowAnyOrigin(Wiring wiring, bool synchronous)
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
    public async Task Followed_redirect_is_not_counted_as_refused(bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 302, "/mcp/"));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);
        using MetricCollector<long> refused = client.Collect("mcp.identity.redirects.refused");

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(refused.GetMeasurementSnapshot());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Forwarded_identity_header_stops_a_redirect_to_another_origin(bool inContent, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(307, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, user: null, server.Uri);
        HttpRequestMessage request = HttpTesting.Post(server.Uri.ToString());
        Assert.True(inContent
            ? request.Content!.Headers.TryAddWithoutValidation("X_User_Sub", "alice")
            : request.Headers.TryAddWithoutValidation("X_User_Sub", "alice"));

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(server.OnlyHead.Identity);
        Assert.Empty(elsewhere.Heads);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dropped_identity_header_does_not_stop_a_redirect(bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(307, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Anonymous, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Post(server.Uri.ToString()).WithHeader("X-User-Sub", "alice"), synchronous);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(server.OnlyHead.Identity);
        Assert.Empty(elsewhere.OnlyHead.Identity);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task User_set_during_a_redirect_is_not_sent_to_another_origin(bool synchronous)
    {
        var accessor = new PropertyAccessor();
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(context =>
        {
            accessor.User = Users.Alice;
            return RedirectTesting.Always(302, elsewhere.Uri.ToString())(context);
        });
        using HttpMessageInvoker client = HttpTesting.Chain(new SocketsHttpHandler(), accessor, options => options.AllowAnyOrigin = true);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Empty(elsewhere.OnlyHead.Identity);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Identity_set_by_one_of_two_handlers_stops_the_redirect(bool synchronous)
    {
        RecordingHandler backend = Redirecting();
        var accessor = new PropertyAccessor(Users.With(("groups", "admins")));
        using HttpMessageInvoker client = TwoHandlers(accessor, accessor, backend);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal(["admins"], backend.Only.Values("X-User-Group"));
    }

    [Theory]
    [InlineData("X-User-Sub", true)]
    [InlineData("X-User-Sub", false)]
    [InlineData("X-User-Group", true)]
    [InlineData("X-User-Group", false)]
    public async Task Callers_identity_header_forwarded_by_either_handler_stops_the_redirect(string name, bool synchronous)
    {
        RecordingHandler backend = Redirecting();
        using HttpMessageInvoker client = TwoHandlers(new PropertyAccessor(), new PropertyAccessor(), backend);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post().WithHeader(name, "mine"), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(backend.Requests);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Header_dropped_by_the_inner_handler_does_not_hide_the_outer_ones(bool synchronous)
    {
        RecordingHandler backend = Redirecting();
        using HttpMessageInvoker client = TwoHandlers(new PropertyAccessor(), new PropertyAccessor(Users.Anonymous), backend);
        HttpRequestMessage request = HttpTesting.Post().WithHeader("X-User-Sub", "mine").WithHeader("X-User-Group", "mine");

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(backend.Requests);
    }

    [Theory, InlineData(true, true), InlineData(true, false), InlineData(false, true), InlineData(false, false)]
    public async Task Replaced_RequestMessage_does_not_allow_the_redirect(bool inContent, bool synchronous)
    {
        List<HttpRequestMessage> sent = [];
        using HttpMessageInvoker client = HttpTesting.Chain(
            new StubHandler(request =>
            {
                sent.Add(request);
                HttpResponseMessage response = Respond(request);
                response.RequestMessage = new HttpRequestMessage(request.Method, request.RequestUri);
                return Task.FromResult(response);
            }),
            new PropertyAccessor());
        HttpRequestMessage request = HttpTesting.Post();
        Assert.True(inContent
            ? request.Content!.Headers.TryAddWithoutValidation("X_User_Sub", "mine")
            : request.Headers.TryAddWithoutValidation("X_User_Sub", "mine"));

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(sent);
    }

    [Theory]
    [InlineData(HttpStatusCode.TemporaryRedirect, true), InlineData(HttpStatusCode.TemporaryRedirect, false)]
    [InlineData(HttpStatusCode.Found, true), InlineData(HttpStatusCode.Found, false)]
    public async Task Identity_header_set_by_an_inner_handler_stops_the_redirect(HttpStatusCode status, bool synchronous)
    {
        var anonymous = new PropertyAccessor(Users.Anonymous);
        var backend = new RecordingHandler(request =>
        {
            Assert.True(request.Content!.Headers.TryAddWithoutValidation("X-User-Sub", "inner"));
            return new HttpResponseMessage(status) { Headers = { Location = new Uri(Elsewhere) } };
        });
        using var client = new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler = new IdentityHandler(anonymous)
            {
                InnerHandler = new WrappingHandler(new ClaimInjectionHandler(anonymous) { InnerHandler = backend }),
            },
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Equal(status, response.StatusCode);
        Assert.Single(backend.Requests);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Inner_block_leaves_redirects_to_the_outer_block(bool synchronous)
    {
        var backend = new RecordingHandler(request => request.RequestUri!.AbsolutePath == "/mcp"
            ? new HttpResponseMessage(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri("/next", UriKind.Relative) } }
            : Respond(request));
        using HttpMessageInvoker client = NestedBlocks(backend, synchronous);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        // Both hops carry the outer block's user. The inner block does not know of that identity: it must not follow to another origin.
        Assert.Equal(["/mcp", "/next"], backend.Requests.Select(request => request.Uri!.AbsolutePath));
        Assert.All(backend.Requests, request => Assert.Equal(["alice"], request.Values("X-User-Sub")));
        Assert.All(backend.Requests, request => Assert.Equal(["admins"], request.Values("X-User-Group")));
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Handler_that_replaces_the_request_does_not_allow_the_redirect(bool synchronous)
    {
        RecordingHandler backend = Redirecting();
        using HttpMessageInvoker inner = HttpTesting.Injection(backend, new PropertyAccessor());
        using var client = new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler = new StubHandler(request => Task.FromResult(inner.Send(
                HttpTesting.Post(request.RequestUri!.ToString()).WithHeader("X-User-Sub", "mine"), CancellationToken.None))),
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(backend.Requests);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Settings_changed_in_flight_do_not_allow_the_redirect(bool synchronous)
    {
        bool changed = false;
        var changes = new OptionsChange<ClaimInjectionOptions>(WiredClient.Name);
        var backend = new RecordingHandler(request =>
        {
            changed = true;
            changes.Notify();
            return Respond(request);
        });
        var services = new ServiceCollection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor());
        services.AddSingleton<IOptionsChangeTokenSource<ClaimInjectionOptions>>(changes);
        services.AddHttpClient(WiredClient.Name).ConfigurePrimaryHttpMessageHandler(() => backend).AddClaimInjection(options =>
        {
            options.TrustedOrigins.Add(new Uri(HttpTesting.Endpoint));
            if (!changed)
            {
                options.Headers.Add("X-User-Tenant", "tid");
            }
        });
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient client = provider.CreateHttpClient();

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post().WithHeader("X-User-Tenant", "mine"), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(backend.Requests);
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

    private static RecordingHandler Redirecting() => new(Respond);

    private static HttpResponseMessage Respond(HttpRequestMessage request) => request.RequestUri!.ToString() == Elsewhere
        ? new HttpResponseMessage(HttpStatusCode.OK)
        : new HttpResponseMessage(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri(Elsewhere) } };

    /// <summary>Two injection handlers, the inner one for X-User-Group only.</summary>
    private static HttpMessageInvoker TwoHandlers(IIdentityAccessor outer, IIdentityAccessor inner, HttpMessageHandler backend)
    {
        var group = new ClaimInjectionOptions();
        UseGroupHeaderOnly(group);
        return new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler =
                new ClaimInjectionHandler(outer) { InnerHandler = new ClaimInjectionHandler(inner, group) { InnerHandler = backend } },
        });
    }

    /// <summary>A whole block inside another, with another user and for X-User-Group only.</summary>
    private static HttpMessageInvoker NestedBlocks(HttpMessageHandler backend, bool synchronous)
    {
        HttpMessageInvoker inner = HttpTesting.Chain(backend, new PropertyAccessor(Users.Bob), UseGroupHeaderOnly);
        return HttpTesting.Chain(
            new StubHandler(request => inner.SendAsync(request, synchronous)),
            new PropertyAccessor(Users.With(("sub", "alice"), ("groups", "admins"))));
    }

    private static void UseGroupHeaderOnly(ClaimInjectionOptions options)
    {
        options.Headers.Clear();
        options.Headers.Add("X-User-Group", "groups");
    }
}
