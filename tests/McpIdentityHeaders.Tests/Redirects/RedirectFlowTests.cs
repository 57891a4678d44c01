using System.Net;
using System.Threading.Channels;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>
/// Each hop carries the sender's user, whichever handlers stand in between, and whenever and in which flow the response completes.
/// </summary>
public sealed class RedirectFlowTests
{
    public enum Placement
    {
        Adjacent,
        HandlerAfterRedirects,
        HandlerAfterIdentity,
    }

    public enum ResponseTiming
    {
        Immediate,
        Deferred,
        Synchronous,
    }

    public static TheoryData<Placement, ResponseTiming> Cases
    {
        get
        {
            var cases = new TheoryData<Placement, ResponseTiming>();
            foreach (Placement placement in Enum.GetValues<Placement>())
            {
                foreach (ResponseTiming timing in Enum.GetValues<ResponseTiming>())
                {
                    cases.Add(placement, timing);
                }
            }

            return cases;
        }
    }

    public static TheoryData<Placement, bool, bool> FlowCases
    {
        get
        {
            var cases = new TheoryData<Placement, bool, bool>();
            foreach (Placement placement in Enum.GetValues<Placement>())
            {
                cases.Add(placement, true, true);
                cases.Add(placement, true, false);
                cases.Add(placement, false, true);
                cases.Add(placement, false, false);
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Hop_carries_the_user_and_the_response_refers_to_a_clean_message(Placement placement, ResponseTiming timing)
    {
        var backend = new RedirectingHandler(timing, "/1", "/2", null);
        using HttpMessageInvoker client = Client(placement, backend);

        using HttpResponseMessage response = await SendAsync(client, timing);

        Assert.Equal(["/mcp alice", "/1 alice", "/2 alice"], backend.Seen);
        Assert.Equal("/2", response.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.False(response.RequestMessage.Headers.NonValidated.Contains("X-User-Sub"));
        Assert.Equal(Enumerable.Repeat(timing == ResponseTiming.Synchronous, 3), backend.Synchronous);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Redirect_after_the_last_allowed_hop_is_returned(Placement placement, ResponseTiming timing)
    {
        var backend = new RedirectingHandler(timing, "/1", "/2", "/3", null);
        using HttpMessageInvoker client = Client(placement, backend, maxRedirections: 2);

        using HttpResponseMessage response = await SendAsync(client, timing);

        Assert.Equal(["/mcp alice", "/1 alice", "/2 alice"], backend.Seen);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal("/3", response.Headers.Location!.OriginalString);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Redirect_without_any_allowed_hop_is_returned(Placement placement, ResponseTiming timing)
    {
        var backend = new RedirectingHandler(timing, "/1", null);
        using HttpMessageInvoker client = Client(placement, backend, maxRedirections: 0);

        using HttpResponseMessage response = await SendAsync(client, timing);

        Assert.Equal(["/mcp alice"], backend.Seen);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Second_hop_to_another_origin_is_not_followed(Placement placement, ResponseTiming timing)
    {
        var backend = new RedirectingHandler(timing, "/1", "http://elsewhere.test/", null);
        using HttpMessageInvoker client = Client(placement, backend);

        using HttpResponseMessage response = await SendAsync(client, timing);

        Assert.Equal(["/mcp alice", "/1 alice"], backend.Seen);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Exception_on_the_next_hop_is_in_the_task(Placement placement, ResponseTiming timing)
    {
        var backend = new RedirectingHandler(timing, "/1");
        using HttpMessageInvoker client = Client(placement, backend);

        Task<HttpResponseMessage> response = SendAsync(client, timing);

        Assert.Equal("no more responses", (await Assert.ThrowsAsync<HttpRequestException>(() => response)).Message);
        Assert.Equal(["/mcp alice", "/1 alice"], backend.Seen);
    }

    [Theory, InlineData(ResponseTiming.Immediate), InlineData(ResponseTiming.Deferred), InlineData(ResponseTiming.Synchronous)]
    public async Task Next_hop_carries_the_sender_after_an_inner_handler_changed_the_flow(ResponseTiming timing)
    {
        var backend = new RedirectingHandler(timing, "/1", "/2", null) { Sending = () => AmbientIdentity.Use(Users.Bob) };
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new AmbientIdentityAccessor());

        using (AmbientIdentity.Use(Users.Alice))
        {
            using HttpResponseMessage response = await SendAsync(client, timing);
        }

        Assert.Equal(["/mcp alice", "/1 alice", "/2 alice"], backend.Seen);
    }

    [Theory, MemberData(nameof(FlowCases))]
    public async Task Next_hop_carries_the_sender_whichever_flow_completes_the_response(
        Placement placement, bool suppressed, bool completedByAnother)
    {
        List<string> seen = [];
        var pending = Channel.CreateUnbounded<TaskCompletionSource<HttpResponseMessage>>();
        var backend = new StubHandler(request =>
        {
            seen.Add($"{request.RequestUri!.AbsolutePath} {string.Join(", ", new RecordedRequest(request).Values("X-User-Sub"))}");
            var completion = new TaskCompletionSource<HttpResponseMessage>();
            Assert.True(pending.Writer.TryWrite(completion));
            return completion.Task;
        });
        using HttpMessageInvoker client = Client(placement, backend, accessor: new AmbientIdentityAccessor());

        // Forges the identity header: a hop of an unknown user would forward it.
        Task<HttpResponseMessage> response = SendAsAlice(client, HttpTesting.Post().WithHeader("X-User-Sub", "mallory"), suppressed);
        _ = response.ContinueWith(_ => pending.Writer.TryComplete(), TaskScheduler.Default);
        Complete(await pending.Reader.ReadAsync(), "/1", completedByAnother);
        Complete(await pending.Reader.ReadAsync(), "/2", completedByAnother);
        Complete(await pending.Reader.ReadAsync(), location: null, completedByAnother);

        using HttpResponseMessage last = await response;
        Assert.Equal(["/mcp alice", "/1 alice", "/2 alice"], seen);
        Assert.Equal(HttpStatusCode.OK, last.StatusCode);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Next_hop_carries_the_sender_after_a_handler_in_between_changed_the_flow(bool synchronous)
    {
        List<string> seen = [];
        var backend = new StubHandler(request =>
        {
            seen.Add(string.Join(", ", new RecordedRequest(request).Values("X-User-Sub")));
            return Task.FromResult(seen.Count == 3 ? new HttpResponseMessage() : Redirect($"/{seen.Count}"));
        });
        var accessor = new AmbientIdentityAccessor();
        using HttpMessageInvoker inner = new(new IdentityHandler(accessor)
        {
            InnerHandler = new ClaimInjectionHandler(accessor) { InnerHandler = backend },
        });
        using HttpMessageInvoker client = new(new SameOriginRedirectHandler
        {
            InnerHandler = new StubHandler(request =>
            {
                Task<HttpResponseMessage> response = inner.SendAsync(request, synchronous);
                AmbientIdentity.Use(Users.Bob);
                return response;
            }),
        });

        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Equal(["alice", "alice", "alice"], seen);
    }

    private static Task<HttpResponseMessage> SendAsync(HttpMessageInvoker client, ResponseTiming timing) =>
        client.SendAsync(HttpTesting.Post(), synchronous: timing == ResponseTiming.Synchronous);

    internal static HttpMessageInvoker Client(
        Placement placement, HttpMessageHandler backend, int maxRedirections = 10, IIdentityAccessor? accessor = null)
    {
        accessor ??= new PropertyAccessor(Users.Alice);
        HttpMessageHandler injection = new ClaimInjectionHandler(accessor) { InnerHandler = backend };
        HttpMessageHandler identity = new IdentityHandler(accessor)
        {
            InnerHandler = placement == Placement.HandlerAfterIdentity ? new WrappingHandler(injection) : injection,
        };
        return new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            MaxRedirections = maxRedirections,
            InnerHandler = placement == Placement.HandlerAfterRedirects ? new WrappingHandler(identity) : identity,
        });
    }

    /// <summary>Not async: the end of an async method would restore the flow.</summary>
    private static Task<HttpResponseMessage> SendAsAlice(HttpMessageInvoker client, HttpRequestMessage request, bool suppressed)
    {
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        using AsyncFlowControl? suppression = suppressed ? ExecutionContext.SuppressFlow() : null;
        Task<HttpResponseMessage> response = client.SendAsync(request, CancellationToken.None);
        Assert.Equal(suppressed, ExecutionContext.IsFlowSuppressed());
        return response;
    }

    /// <summary>Completes the response on a thread that runs its continuations inline, in the completing flow.</summary>
    private static void Complete(TaskCompletionSource<HttpResponseMessage> completion, string? location, bool byAnother)
    {
        var completer = new Thread(() =>
        {
            using IdentityScope? scope = byAnother ? AmbientIdentity.Use(Users.Bob) : null;
            completion.SetResult(location is null ? new HttpResponseMessage() : Redirect(location));
        });
        completer.UnsafeStart();
        completer.Join();
    }

    private static HttpResponseMessage Redirect(string location) =>
        new(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri(location, UriKind.Relative) } };

    /// <summary>Responds to each request in turn with a redirect to a location, or with 200 for null; fails when none is left.</summary>
    private sealed class RedirectingHandler(ResponseTiming timing, params string?[] locations) : HttpMessageHandler
    {
        private readonly List<string> _seen = [];
        private readonly List<bool> _synchronous = [];

        /// <summary>Gets the path and the user of each request.</summary>
        public IReadOnlyList<string> Seen => _seen;

        /// <summary>Gets whether each request came by Send.</summary>
        public IReadOnlyList<bool> Synchronous => _synchronous;

        public Action? Sending { get; init; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Respond(request, synchronous: true);

        // Not async: what it leaves in the flow stays there.
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage response = Respond(request, synchronous: false);
            return timing == ResponseTiming.Deferred ? DeferAsync(response) : Task.FromResult(response);
        }

        private static async Task<HttpResponseMessage> DeferAsync(HttpResponseMessage response)
        {
            await Task.Yield();
            return response;
        }

        private HttpResponseMessage Respond(HttpRequestMessage request, bool synchronous)
        {
            Sending?.Invoke();
            _synchronous.Add(synchronous);
            int hop = _seen.Count;
            _seen.Add($"{request.RequestUri!.AbsolutePath} {string.Join(", ", new RecordedRequest(request).Values("X-User-Sub"))}");
            if (hop == locations.Length)
            {
                throw new HttpRequestException("no more responses");
            }

            return locations[hop] is { } location
                ? new HttpResponseMessage(HttpStatusCode.TemporaryRedirect)
                {
                    Headers = { Location = new Uri(location, UriKind.RelativeOrAbsolute) },
                    RequestMessage = request,
                }
                : new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request };
        }
    }
}
