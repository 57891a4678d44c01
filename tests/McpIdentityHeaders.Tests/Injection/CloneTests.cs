using System.Net;
using System.Net.Http.Headers;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Which requests are forwarded unchanged, and which as a clone.</summary>
public sealed class CloneTests
{
    private static readonly HttpRequestOptionsKey<string> Option = new("option");

    [Theory, InlineData(true), InlineData(false)]
    public async Task Unknown_user_forwards_the_same_request_unchanged(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor());
        HttpRequestMessage request = HttpTesting.Post().WithHeader("X_User_Sub", "from the caller");

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Same(request, backend.Only.Message);
        Assert.Equal(["X_User_Sub: from the caller"], backend.Only.Identity);
        Assert.Same(request, response.RequestMessage);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Anonymous_user_with_nothing_to_drop_forwards_the_same_request(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Anonymous));
        HttpRequestMessage request = HttpTesting.Post().WithHeader("Connection", "keep-alive");

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Same(request, backend.Only.Message);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Anonymous_user_has_identity_headers_dropped_on_a_clone(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Anonymous));
        HttpRequestMessage request = HttpTesting.Post().WithHeader("x.user.sub", "mallory").WithHeader("X-Tenant", "one");

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.NotSame(request, backend.Only.Message);
        Assert.Empty(backend.Only.Identity);
        Assert.Equal(["one"], backend.Only.Values("X-Tenant"));
        Assert.True(request.Headers.Contains("x.user.sub"));
        Assert.Same(request, response.RequestMessage);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Clone_keeps_everything_of_the_request(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Alice));
        HttpRequestMessage request = FullRequest();

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        HttpRequestMessage clone = backend.Only.Message;
        Assert.NotSame(request, clone);
        Assert.Equal(HttpMethod.Patch, clone.Method);
        Assert.Same(request.RequestUri, clone.RequestUri);
        Assert.Equal(HttpVersion.Version20, clone.Version);
        Assert.Equal(HttpVersionPolicy.RequestVersionExact, clone.VersionPolicy);
        Assert.Same(request.Content, clone.Content);
        Assert.True(clone.Options.TryGetValue(Option, out string? option));
        Assert.Equal("kept", option);
        Assert.Equal(["application/json", "text/event-stream; q=0.5"], backend.Only.Values("Accept"));
        Assert.Equal(["product/1.0", "(comment)"], backend.Only.Values("User-Agent"));
        Assert.Equal(["b", "a", "not, parsed"], backend.Only.Values("X-Order"));
        Assert.Equal(["X-User-Sub: alice", "X-User-Name: Alice Adams"], backend.Only.Identity);
    }

    [Theory, InlineData(false, false), InlineData(false, true), InlineData(true, false), InlineData(true, true)]
    public async Task Clone_keeps_the_callers_options_and_the_user_that_was_set(bool hasOption, bool hasUser)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Alice));
        HttpRequestMessage request = HttpTesting.Post();
        if (hasOption)
        {
            request.Options.Set(Option, "kept");
        }

        if (hasUser)
        {
            request.SetUser(Users.Bob);
        }

        using HttpResponseMessage response = await client.SendAsync(request, synchronous: false);

        Assert.NotSame(request, backend.Only.Message);
        Assert.Equal((hasOption ? 1 : 0) + (hasUser ? 1 : 0), request.Options.Count());
        Assert.Equal(request.Options, backend.Only.Message.Options);
    }

    [Fact]
    public void User_that_was_set_can_be_read_back()
    {
        HttpRequestMessage request = HttpTesting.Get();
        Assert.False(request.TryGetUser(out ClaimsPrincipal? none));
        Assert.Null(none);

        ClaimsPrincipal alice = Users.Alice;
        request.SetUser(alice);
        Assert.True(request.TryGetUser(out ClaimsPrincipal? user));
        Assert.Same(alice, user);

        request.SetUser(null);
        Assert.True(request.TryGetUser(out ClaimsPrincipal? anonymous));
        Assert.Empty(anonymous.Identities);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Callers_request_is_unchanged_and_carries_no_identity(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Alice));
        HttpRequestMessage request = FullRequest().WithHeader("X-User-Email", "mine@example.com");
        string before = request.Headers.ToString();

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(before, request.Headers.ToString());
        Assert.False(backend.Only.Has("X-User-Email"));
        Assert.Same(request, response.RequestMessage);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Request_can_be_sent_again_with_its_content_for_another_user(bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync();
        var accessor = new PropertyAccessor(Users.Alice);
        using HttpMessageInvoker client = HttpTesting.Chain(new SocketsHttpHandler(), accessor);
        HttpRequestMessage request = HttpTesting.Post(server.Uri.ToString(), new StringContent("the body"));

        using HttpResponseMessage first = await client.SendAsync(request, synchronous);
        accessor.User = Users.Bob;
        using HttpResponseMessage second = await client.SendAsync(request, synchronous);

        Assert.Equal(["alice", "bob"], server.Heads.Select(head => Assert.Single(head.Values("X-User-Sub"))));
        Assert.All(server.Heads, head => Assert.Equal(["8"], head.Values("Content-Length")));
        Assert.Equal("the body", await request.Content!.ReadAsStringAsync());
    }

    [Fact]
    public async Task One_clone_serves_all_handlers_of_a_send()
    {
        List<HttpRequestMessage> seen = [];
        var backend = new RecordingHandler();
        var accessor = new PropertyAccessor(Users.Alice);
        var groups = new ClaimInjectionOptions();
        groups.Headers.Clear();
        groups.Headers.Add("X-User-Group", "name");
        using var client = new HttpMessageInvoker(new ClaimInjectionHandler(accessor)
        {
            InnerHandler = new Spy(seen) { InnerHandler = new ClaimInjectionHandler(accessor, groups) { InnerHandler = backend } },
        });

        HttpRequestMessage request = HttpTesting.Get();
        using HttpResponseMessage response = await client.SendAsync(request, CancellationToken.None);

        Assert.Same(Assert.Single(seen), backend.Only.Message);
        Assert.Equal(["X-User-Sub: alice", "X-User-Name: Alice Adams", "X-User-Group: Alice Adams"], backend.Only.Identity);
        Assert.Same(request, response.RequestMessage);
    }

    [Fact]
    public async Task Decision_of_the_identity_handler_holds_past_handlers_in_between()
    {
        var backend = new RecordingHandler();
        using var client = new HttpMessageInvoker(new IdentityHandler(new PropertyAccessor(Users.Alice))
        {
            InnerHandler =
                new Spy([]) { InnerHandler = new ClaimInjectionHandler(new PropertyAccessor(Users.Bob)) { InnerHandler = backend } },
        });
        HttpRequestMessage request = HttpTesting.Get();

        using HttpResponseMessage response = await client.SendAsync(request, CancellationToken.None);

        Assert.Equal(["alice"], backend.Only.Values("X-User-Sub"));
        Assert.Same(request, response.RequestMessage);
    }

    [Fact]
    public async Task Handler_in_between_finds_no_identity_in_the_response_and_may_retry()
    {
        var backend = new RecordingHandler();
        var between = new Repeater();
        using var client = new HttpMessageInvoker(new IdentityHandler(new PropertyAccessor(Users.Alice))
        {
            InnerHandler = between,
        });
        between.InnerHandler = new ClaimInjectionHandler(new PropertyAccessor(Users.Bob)) { InnerHandler = backend };

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), CancellationToken.None);

        Assert.All(backend.Requests, request => Assert.Equal(["X-User-Sub: alice", "X-User-Name: Alice Adams"], request.Identity));
        Assert.Equal([0, 0], between.HeadersSeen);
    }

    private static HttpRequestMessage FullRequest()
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, HttpTesting.Endpoint)
        {
            Content = new StringContent("{}"),
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream", 0.5));
        request.Headers.UserAgent.ParseAdd("product/1.0 (comment)");
        request.Options.Set(Option, "kept");
        return request.WithHeader("X-Order", "b", "a", "not, parsed");
    }

    /// <summary>Sends twice, as a retry does, and records the headers of each response's request.</summary>
    private sealed class Repeater : DelegatingHandler
    {
        public List<int> HeadersSeen { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using HttpResponseMessage first = await base.SendAsync(request, cancellationToken);
            HeadersSeen.Add(first.RequestMessage!.Headers.Count());
            HttpResponseMessage second = await base.SendAsync(request, cancellationToken);
            HeadersSeen.Add(second.RequestMessage!.Headers.Count());
            return second;
        }
    }

    private sealed class Spy(List<HttpRequestMessage> seen) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            seen.Add(request);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
