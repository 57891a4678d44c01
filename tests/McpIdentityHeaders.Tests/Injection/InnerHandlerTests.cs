using System.Net;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>What inner handlers may do, and what of it the caller observes.</summary>
public sealed class InnerHandlerTests
{
    public static TheoryData<string?, bool> Senders => new() { { "alice", true }, { "alice", false }, { null, true }, { null, false } };

    public static TheoryData<bool, bool, bool> Responses => new()
    {
        { true, true, true }, { true, true, false }, { true, false, true }, { true, false, false },
        { false, true, true }, { false, true, false }, { false, false, true }, { false, false, false },
    };

    public static TheoryData<string, string?, bool> HandlersAndUsers
    {
        get
        {
            var cases = new TheoryData<string, string?, bool>();
            foreach (string handler in new[] { nameof(SameOriginRedirectHandler), nameof(IdentityHandler), nameof(ClaimInjectionHandler) })
            {
                cases.Add(handler, "alice", true);
                cases.Add(handler, "alice", false);
                cases.Add(handler, null, true);
                cases.Add(handler, null, false);
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Responses))]
    public async Task Response_to_a_forwarded_request_refers_to_the_callers_request(bool anonymous, bool hasRequest, bool synchronous)
    {
        var backend = new StubHandler(request => Task.FromResult(new HttpResponseMessage
        {
            RequestMessage = hasRequest ? new HttpRequestMessage(request.Method, request.RequestUri) : null,
        }));
        using HttpMessageInvoker client = HttpTesting.Injection(backend, new PropertyAccessor(anonymous ? Users.Anonymous : null));
        HttpRequestMessage request = HttpTesting.Post();

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Same(request, response.RequestMessage);
    }

    [Theory, MemberData(nameof(Senders))]
    public async Task Exception_of_an_inner_handler_is_in_the_task(string? user, bool chain)
    {
        using HttpMessageInvoker client = Client(chain, user, _ => throw new HttpRequestException("refused by the backend"));

        Task<HttpResponseMessage> responseTask = client.SendAsync(HttpTesting.Post(), CancellationToken.None);

        Assert.Equal("refused by the backend", (await Assert.ThrowsAsync<HttpRequestException>(() => responseTask)).Message);
    }

    [Theory, MemberData(nameof(Senders))]
    public async Task Cancellation_by_an_inner_handler_cancels_the_task(string? user, bool chain)
    {
        using HttpMessageInvoker client = Client(chain, user, _ => throw new OperationCanceledException());

        Task<HttpResponseMessage> responseTask = client.SendAsync(HttpTesting.Post(), CancellationToken.None);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => responseTask);
        Assert.True(responseTask.IsCanceled);
    }

    [Theory, MemberData(nameof(Senders))]
    public async Task Null_task_or_response_faults_the_task(string? user, bool chain)
    {
        using HttpMessageInvoker noTask = Client(chain, user, _ => null!);
        using HttpMessageInvoker noResponse = Client(chain, user, _ => Task.FromResult<HttpResponseMessage>(null!));

        Task<HttpResponseMessage> first = noTask.SendAsync(HttpTesting.Post(), CancellationToken.None);
        Task<HttpResponseMessage> second = noResponse.SendAsync(HttpTesting.Post(), CancellationToken.None);

        await Assert.ThrowsAsync<NullReferenceException>(() => first);
        await Assert.ThrowsAsync<NullReferenceException>(() => second);
    }

    [Theory, MemberData(nameof(HandlersAndUsers))]
    public async Task Inner_handler_cannot_be_replaced_after_a_request(string handler, string? user, bool synchronous)
    {
        var accessor = new PropertyAccessor(user is null ? null : Users.Named(user));
        DelegatingHandler subject = handler switch
        {
            nameof(SameOriginRedirectHandler) => new SameOriginRedirectHandler(),
            nameof(IdentityHandler) => new IdentityHandler(accessor),
            _ => new ClaimInjectionHandler(accessor),
        };
        subject.InnerHandler = new RecordingHandler();
        using var client = new HttpMessageInvoker(subject);
        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Throws<InvalidOperationException>(() => subject.InnerHandler = new RecordingHandler());
    }

    [Fact]
    public async Task Missing_inner_handler_faults_the_task()
    {
        using var redirects = new HttpMessageInvoker(new SameOriginRedirectHandler());
        using var injection = new HttpMessageInvoker(new ClaimInjectionHandler(new PropertyAccessor(Users.Alice)));

        Task<HttpResponseMessage> first = redirects.SendAsync(HttpTesting.Post(), CancellationToken.None);
        Task<HttpResponseMessage> second = injection.SendAsync(HttpTesting.Post(), CancellationToken.None);

        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
    }

    [Fact]
    public async Task Exception_for_an_identity_clone_is_in_the_task()
    {
        Task<HttpResponseMessage>? responseTask = null;
        using var redirects = new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler = new StubHandler(_ => throw new HttpRequestException("refused by the backend")),
        });
        using var client = new HttpMessageInvoker(new IdentityHandler(new PropertyAccessor(Users.Alice))
        {
            InnerHandler = new StubHandler(request => responseTask = redirects.SendAsync(request, CancellationToken.None)),
        });

        await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(HttpTesting.Post(), CancellationToken.None));

        Assert.True(responseTask!.IsFaulted);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Identity_clone_leaves_an_inner_block_without_identity(bool synchronous)
    {
        HttpRequestMessage? between = null;
        var accessor = new PropertyAccessor(Users.Alice);
        var backend = new RecordingHandler();
        using HttpMessageInvoker block = HttpTesting.Chain(backend, accessor);
        using var client = new HttpMessageInvoker(new IdentityHandler(accessor)
        {
            InnerHandler = new StubHandler(request =>
            {
                between = request;
                return block.SendAsync(request, synchronous);
            }),
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Same(between, backend.Only.Message);
        Assert.Equal(["alice"], backend.Only.Values("X-User-Sub"));
        Assert.Empty(new RecordedRequest(between!).Identity);
    }

    [Theory, MemberData(nameof(Senders))]
    public void Callers_flow_is_unchanged_by_an_inner_handlers_scope(string? user, bool synchronous)
    {
        using HttpMessageInvoker client = Client(chain: true, user, _ =>
        {
            AmbientIdentity.Use(Users.Bob);
            return Task.FromResult(new HttpResponseMessage());
        });

        ClaimsPrincipal? left = LeftInFlow(client, synchronous);

        Assert.Null(left);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Suppressed_flow_stays_suppressed(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Injection(backend, new PropertyAccessor(Users.Alice));

        Task<HttpResponseMessage> responseTask;
        using (ExecutionContext.SuppressFlow())
        {
            responseTask = client.SendAsync(HttpTesting.Post(), synchronous);
            Assert.True(ExecutionContext.IsFlowSuppressed());
        }

        using HttpResponseMessage response = await responseTask;
        Assert.Equal(["alice"], backend.Only.Values("X-User-Sub"));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Suppressed_flow_is_unchanged_by_an_inner_handlers_scope(bool synchronous)
    {
        List<string> seen = [];
        var backend = new StubHandler(request =>
        {
            seen.Add(new RecordedRequest(request).Values("X-User-Sub").Single());
            AmbientIdentity.Use(Users.Bob);
            return Task.FromResult(seen.Count == 1
                ? new HttpResponseMessage(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri("/next", UriKind.Relative) } }
                : new HttpResponseMessage());
        });
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new AmbientIdentityAccessor());

        // Synchronous throughout: a suppressed flow ends with the first wait.
        ClaimsPrincipal alice = Users.Alice;
        using (AmbientIdentity.Use(alice))
        using (ExecutionContext.SuppressFlow())
        {
            Assert.Same(alice, LeftInFlow(client, synchronous));
        }

        Assert.Equal(["alice", "alice"], seen);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Handler_in_between_finds_no_identity_after_a_refusal(bool synchronous)
    {
        var between = new Between();
        var accessor = new PropertyAccessor(Users.With(("sub", "alice"), ("email", new string('x', 5_000))));
        using var client = new HttpMessageInvoker(new IdentityHandler(accessor) { InnerHandler = between });
        between.InnerHandler = new ClaimInjectionHandler(accessor) { InnerHandler = new RecordingHandler() };

        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Post(), synchronous));

        Assert.Empty(Assert.IsType<List<string>>(between.Left));
    }

    /// <summary>Not async: the end of an async method would restore the flow.</summary>
    private static ClaimsPrincipal? LeftInFlow(HttpMessageInvoker client, bool synchronous)
    {
        if (synchronous)
        {
            client.Send(HttpTesting.Post(), CancellationToken.None).Dispose();
        }
        else
        {
            client.SendAsync(HttpTesting.Post(), CancellationToken.None).GetAwaiter().GetResult().Dispose();
        }

        return AmbientIdentity.User;
    }

    private static HttpMessageInvoker Client(bool chain, string? user, Func<HttpRequestMessage, Task<HttpResponseMessage>> respond)
    {
        var accessor = new PropertyAccessor(user is null ? null : Users.Named(user));
        return chain ? HttpTesting.Chain(new StubHandler(respond), accessor) : HttpTesting.Injection(new StubHandler(respond), accessor);
    }

    /// <summary>Records which headers the request has once it completed.</summary>
    private sealed class Between : DelegatingHandler
    {
        public List<string>? Left { get; private set; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                return base.Send(request, cancellationToken);
            }
            finally
            {
                Left = [.. request.Headers.Select(header => header.Key)];
            }
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            finally
            {
                Left = [.. request.Headers.Select(header => header.Key)];
            }
        }
    }
}
