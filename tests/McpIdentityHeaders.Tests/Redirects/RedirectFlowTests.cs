using System.Net;
using System.Threading.Channels;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>The next hop is its sender's, in whatever flow of execution the answer to the one before it is completed.</summary>
public sealed class RedirectFlowTests
{
    public static TheoryData<RedirectPlacementTests.Placement, bool, bool> Cases
    {
        get
        {
            var cases = new TheoryData<RedirectPlacementTests.Placement, bool, bool>();
            foreach (RedirectPlacementTests.Placement placement in Enum.GetValues<RedirectPlacementTests.Placement>())
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
    public async Task Next_hop_is_the_senders_whoever_completes_the_answer(
        RedirectPlacementTests.Placement placement, bool suppressed, bool completedByAnother)
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
        using HttpMessageInvoker client = RedirectPlacementTests.Client(placement, backend, accessor: new AmbientIdentityAccessor());

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
    public async Task Next_hop_is_the_senders_whatever_a_handler_in_between_left_in_the_flow(bool synchronous)
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
}
