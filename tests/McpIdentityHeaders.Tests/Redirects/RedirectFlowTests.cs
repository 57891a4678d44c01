using System.Net;
using System.Threading.Channels;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>
/// Each hop carries the sender's user: whichever handlers stand in between, whenever the response comes, and in whatever flow of execution it
/// is completed.
/// </summary>
public sealed class RedirectFlowTests
{
    public enum Placement
    {
        Adjacent,
        HandlerBehindRedirects,
        HandlerBehindIdentity,
    }

    public enum Answer
    {
        AtOnce,
        Later,
        Synchronous,
    }

    public static TheoryData<Placement, Answer> Cases
    {
        get
        {
            var cases = new TheoryData<Placement, Answer>();
            foreach (Placement placement in Enum.GetValues<Placement>())
            {
                foreach (Answer answer in Enum.GetValues<Answer>())
                {
                    cases.Add(placement, answer);
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
    public async Task Hop_carries_the_user_and_the_response_refers_to_a_clean_message(Placement placement, Answer answer)
    {
        var backend = new RedirectingHandler(answer, "/1", "/2", null);
        using HttpMessageInvoker client = Client(placement, backend);

        using HttpResponseMessage response = await SendAsync(client, answer);

        Assert.Equal(["/mcp alice", "/1 alice", "/2 alice"], backend.Seen);
        Assert.Equal("/2", response.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.False(response.RequestMessage.Headers.NonValidated.Contains("X-User-Sub"));
        Assert.Equal(Enumerable.Repeat(answer == Answer.Synchronous, 3), backend.Synchronous);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Redirect_after_the_last_allowed_hop_is_returned(Placement placement, Answer answer)
    {
        var backend = new RedirectingHandler(answer, "/1", "/2", "/3", null);
        using HttpMessageInvoker client = Client(placement, backend, maxRedirections: 2);

        using HttpResponseMessage response = await SendAsync(client, answer);

        Assert.Equal(["/mcp alice", "/1 alice", "/2 alice"], backend.Seen);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal("/3", response.Headers.Location!.OriginalString);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Redirect_without_any_allowed_hop_is_returned(Placement placement, Answer answer)
    {
        var backend = new RedirectingHandler(answer, "/1", null);
        using HttpMessageInvoker client = Client(placement, backend, maxRedirections: 0);

        using HttpResponseMessage response = await SendAsync(client, answer);

        Assert.Equal(["/mcp alice"], backend.Seen);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Second_hop_to_another_origin_is_not_followed(Placement placement, Answer answer)
    {
        var backend = new RedirectingHandler(answer, "/1", "http://elsewhere.test/", null);
        using HttpMessageInvoker client = Client(placement, backend);

        using HttpResponseMessage response = await SendAsync(client, answer);

        Assert.Equal(["/mcp alice", "/1 alice"], backend.Seen);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task Exception_on_the_next_hop_is_in_the_task(Placement placement, Answer answer)
    {
        var backend = new RedirectingHandler(answer, "/1");
        using HttpMessageInvoker client = Client(placement, backend);

        Task<HttpResponseMessage> response = SendAsync(client, answer);

        Assert.Equal("no more answers", (await Assert.ThrowsAsync<HttpRequestException>(() => response)).Message);
        Assert.Equal(["/mcp alice", "/1 alice"], backend.Seen);
    }

    [Theory, InlineData(Answer.AtOnce), InlineData(Answer.Later), InlineData(Answer.Synchronous)]
    public async Task Next_hop_carries_the_sender_after_an_inner_handler_changed_the_flow(Answer answer)
    {
        var backend = new RedirectingHandler(answer, "/1", "/2", null) { Sending = () => AmbientIdentity.Use(Users.Bob) };
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new AmbientIdentityAccessor());

        using (AmbientIdentity.Use(Users.Alice))
        {
            using HttpResponseMessage response = await SendAsync(client, answer);
        }

        Assert.Equal(["/mcp alice", "/1 alice", "/2 alice"], backend.Seen);
    }

    [Theory, MemberData(nameof(FlowCases))]
    public async Task Next_hop_carries_the_sender_whichever_flow_completes_the_response(
        Placement placement, bool suppressed, bool completedByAnother)
    {
        List<string> seen = [];
        var answers = Channel.CreateUnbounded<TaskCompletionSource<HttpResponseMessage>>();
        var backend = new StubHandler(request =>
        {
            seen.Add($"{request.RequestUri!.AbsolutePath} {string.Join(", ", new RecordedRequest(request).Values("X-User-Sub"))}");
            var answer = new TaskCompletionSource<HttpResponseMessage>();
            Assert.True(answers.Writer.TryWrite(answer));
            return answer.Task;
        });
        using HttpMessageInvoker client = Client(placement, backend, accessor: new AmbientIdentityAccessor());

        // Under the name of the header that it forges: a hop that nobody is known of would go on with it.
        Task<HttpResponseMessage> response = SendAsAlice(client, HttpTesting.Post().WithHeader("X-User-Sub", "mallory"), suppressed);
        _ = response.ContinueWith(_ => answers.Writer.TryComplete(), TaskScheduler.Default);
        Complete(await answers.Reader.ReadAsync(), "/1", completedByAnother);
        Complete(await answers.Reader.ReadAsync(), "/2", completedByAnother);
        Complete(await answers.Reader.ReadAsync(), location: null, completedByAnother);

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
        using HttpMessageInvoker behind = new(new IdentityHandler(accessor)
        {
            InnerHandler = new ClaimInjectionHandler(accessor) { InnerHandler = backend },
        });
        using HttpMessageInvoker client = new(new SameOriginRedirectHandler
        {
            InnerHandler = new StubHandler(request =>
            {
                Task<HttpResponseMessage> response = behind.SendAsync(request, synchronous);
                AmbientIdentity.Use(Users.Bob);
                return response;
            }),
        });

        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Equal(["alice", "alice", "alice"], seen);
    }

    private static Task<HttpResponseMessage> SendAsync(HttpMessageInvoker client, Answer answer) =>
        client.SendAsync(HttpTesting.Post(), synchronous: answer == Answer.Synchronous);

    internal static HttpMessageInvoker Client(
        Placement placement, HttpMessageHandler backend, int maxRedirections = 10, IIdentityAccessor? accessor = null)
    {
        accessor ??= new PropertyAccessor(Users.Alice);
        HttpMessageHandler injection = new ClaimInjectionHandler(accessor) { InnerHandler = backend };
        HttpMessageHandler identity = new IdentityHandler(accessor)
        {
            InnerHandler = placement == Placement.HandlerBehindIdentity ? new WrappingHandler(injection) : injection,
        };
        return new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            MaxRedirections = maxRedirections,
            InnerHandler = placement == Placement.HandlerBehindRedirects ? new WrappingHandler(identity) : identity,
        });
    }

    /// <summary>Not async: an async method's own flow would be restored by its end.</summary>
    private static Task<HttpResponseMessage> SendAsAlice(HttpMessageInvoker client, HttpRequestMessage request, bool suppressed)
    {
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        using AsyncFlowControl? suppression = suppressed ? ExecutionContext.SuppressFlow() : null;
        Task<HttpResponseMessage> response = client.SendAsync(request, CancellationToken.None);
        Assert.Equal(suppressed, ExecutionContext.IsFlowSuppressed());
        return response;
    }

    /// <summary>Completes it on a thread that runs what waits for it at once, in the flow that it is in itself.</summary>
    private static void Complete(TaskCompletionSource<HttpResponseMessage> answer, string? location, bool byAnother)
    {
        var completer = new Thread(() =>
        {
            using IdentityScope? scope = byAnother ? AmbientIdentity.Use(Users.Bob) : null;
            answer.SetResult(location is null ? new HttpResponseMessage() : Redirect(location));
        });
        completer.UnsafeStart();
        completer.Join();
    }

    private static HttpResponseMessage Redirect(string location) =>
        new(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri(location, UriKind.Relative) } };

    /// <summary>Answers one request after the other with a redirect to a place, or with none; fails when there are no more.</summary>
    private sealed class RedirectingHandler(Answer answer, params string?[] locations) : HttpMessageHandler
    {
        private readonly List<string> _seen = [];
        private readonly List<bool> _synchronous = [];

        /// <summary>Gets the path and the user of each request.</summary>
        public IReadOnlyList<string> Seen => _seen;

        /// <summary>Gets by which of the two paths each request came.</summary>
        public IReadOnlyList<bool> Synchronous => _synchronous;

        public Action? Sending { get; init; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Respond(request, synchronous: true);

        // Not async: what it leaves in the flow of execution stays there.
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage response = Respond(request, synchronous: false);
            return answer == Answer.Later ? LaterAsync(response) : Task.FromResult(response);
        }

        private static async Task<HttpResponseMessage> LaterAsync(HttpResponseMessage response)
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
                throw new HttpRequestException("no more answers");
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
