using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>
/// A redirect is judged by what its request carried as it went out, under the settings that it went out under, whatever the handlers around
/// ours make of the messages.
/// </summary>
public sealed class RedirectJudgedTests
{
    private const string Elsewhere = "http://elsewhere.test/";

    [Theory, InlineData(true), InlineData(false)]
    public async Task Identity_that_one_of_two_handlers_set_keeps_the_redirect_from_being_followed(bool synchronous)
    {
        RecordingHandler backend = Redirecting();
        var accessor = new PropertyAccessor(Users.With(("groups", "admins")));
        using HttpMessageInvoker client = Twice(accessor, accessor, backend);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal(["admins"], backend.Only.Values("X-User-Group"));
    }

    [Theory, InlineData("X-User-Sub", true), InlineData("X-User-Sub", false), InlineData("X-User-Group", true), InlineData("X-User-Group", false)]
    public async Task Callers_own_that_any_of_two_handlers_forwarded_keeps_the_redirect_from_being_followed(string name, bool synchronous)
    {
        RecordingHandler backend = Redirecting();
        using HttpMessageInvoker client = Twice(new PropertyAccessor(), new PropertyAccessor(), backend);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post().WithHeader(name, "mine"), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(backend.Requests);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task What_the_inner_handler_dropped_does_not_hide_what_the_outer_one_forwarded(bool synchronous)
    {
        RecordingHandler backend = Redirecting();
        using HttpMessageInvoker client = Twice(new PropertyAccessor(), new PropertyAccessor(Users.Anonymous), backend);
        HttpRequestMessage request = HttpTesting.Post().WithHeader("X-User-Sub", "mine").WithHeader("X-User-Group", "mine");

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(backend.Requests);
    }

    [Theory, InlineData(true, true), InlineData(true, false), InlineData(false, true), InlineData(false, false)]
    public async Task Another_message_in_the_response_does_not_open_the_redirect(bool inContent, bool synchronous)
    {
        List<HttpRequestMessage> sent = [];
        using HttpMessageInvoker client = HttpTesting.Chain(
            new StubHandler(request =>
            {
                sent.Add(request);
                HttpResponseMessage response = Answer(request);
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
    public async Task What_a_handler_behind_put_under_an_owned_name_does_not_leave_its_origin(HttpStatusCode status, bool synchronous)
    {
        var nobody = new PropertyAccessor(Users.Anonymous);
        var backend = new RecordingHandler(request =>
        {
            Assert.True(request.Content!.Headers.TryAddWithoutValidation("X-User-Sub", "behind"));
            return new HttpResponseMessage(status) { Headers = { Location = new Uri(Elsewhere) } };
        });
        using var client = new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler = new IdentityHandler(nobody)
            {
                InnerHandler = new WrappingHandler(new ClaimInjectionHandler(nobody) { InnerHandler = backend }),
            },
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Equal(status, response.StatusCode);
        Assert.Single(backend.Requests);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Block_behind_another_leaves_its_redirects_to_it(bool synchronous)
    {
        var backend = new RecordingHandler(request => request.RequestUri!.AbsolutePath == "/mcp"
            ? new HttpResponseMessage(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri("/next", UriKind.Relative) } }
            : Answer(request));
        using HttpMessageInvoker client = Nested(backend, synchronous);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        // Both hops are the outer block's user's, and what the outer block set does not leave the origin, which the inner one knows nothing of.
        Assert.Equal(["/mcp", "/next"], backend.Requests.Select(request => request.Uri!.AbsolutePath));
        Assert.All(backend.Requests, request => Assert.Equal(["alice"], request.Values("X-User-Sub")));
        Assert.All(backend.Requests, request => Assert.Equal(["admins"], request.Values("X-User-Group")));
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Handlers_that_cannot_be_looked_through_do_not_open_the_redirect(bool synchronous)
    {
        RecordingHandler backend = Redirecting();
        using HttpMessageInvoker behind = HttpTesting.Injection(backend, new PropertyAccessor());
        using var client = new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler = new StubHandler(request => Task.FromResult(behind.Send(
                HttpTesting.Post(request.RequestUri!.ToString()).WithHeader("X-User-Sub", "mine"), CancellationToken.None))),
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(backend.Requests);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Settings_that_change_meanwhile_do_not_open_the_redirect(bool synchronous)
    {
        bool changed = false;
        var changes = new OptionsChange<ClaimInjectionOptions>(WiredClient.Name);
        var backend = new RecordingHandler(request =>
        {
            changed = true;
            changes.Tell();
            return Answer(request);
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
        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient(WiredClient.Name);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post().WithHeader("X-User-Tenant", "mine"), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Single(backend.Requests);
    }

    private static RecordingHandler Redirecting() => new(Answer);

    private static HttpResponseMessage Answer(HttpRequestMessage request) => request.RequestUri!.ToString() == Elsewhere
        ? new HttpResponseMessage(HttpStatusCode.OK)
        : new HttpResponseMessage(HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri(Elsewhere) } };

    /// <summary>Two injecting handlers by hand, the inner one for X-User-Group alone.</summary>
    private static HttpMessageInvoker Twice(IIdentityAccessor outer, IIdentityAccessor inner, HttpMessageHandler backend)
    {
        var group = new ClaimInjectionOptions();
        OnlyGroup(group);
        return new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler = new ClaimInjectionHandler(outer) { InnerHandler = new ClaimInjectionHandler(inner, group) { InnerHandler = backend } },
        });
    }

    /// <summary>A whole block behind another, with an accessor of its own that says somebody else, for X-User-Group alone.</summary>
    private static HttpMessageInvoker Nested(HttpMessageHandler backend, bool synchronous)
    {
        HttpMessageInvoker inner = HttpTesting.Chain(backend, new PropertyAccessor(Users.Bob), OnlyGroup);
        return HttpTesting.Chain(
            new StubHandler(request => inner.SendAsync(request, synchronous)),
            new PropertyAccessor(Users.With(("sub", "alice"), ("groups", "admins"))));
    }

    private static void OnlyGroup(ClaimInjectionOptions options)
    {
        options.Headers.Clear();
        options.Headers.Add("X-User-Group", "groups");
    }
}
