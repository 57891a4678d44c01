namespace McpIdentityHeaders.Tests.Injection;

/// <summary>A request carries its user to copies of it, through its options.</summary>
public sealed class ClonedOptionsTests
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Copy_sent_by_an_inner_handler_keeps_the_user(bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync();
        var accessor = new PropertyAccessor(Users.Alice);
        using HttpMessageInvoker inner = HttpTesting.Injection(new SocketsHttpHandler(), accessor);
        using HttpMessageInvoker client = HttpTesting.Chain(
            new StubHandler(request => inner.SendAsync(CopyOf(request), synchronous)), accessor);
        HttpRequestMessage request = HttpTesting.Get(server.Uri.ToString());
        request.SetUser(Users.Bob);

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(["bob"], server.OnlyHead.Values("X-User-Sub"));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Copy_sent_before_the_injection_handler_keeps_the_user(bool synchronous)
    {
        var accessor = new PropertyAccessor(Users.Alice);
        var backend = new RecordingHandler();
        using HttpMessageInvoker inner = HttpTesting.Injection(backend, accessor);
        using var client = new HttpMessageInvoker(new IdentityHandler(accessor)
        {
            InnerHandler = new StubHandler(request => inner.SendAsync(CopyOf(request), synchronous)),
        });
        HttpRequestMessage request = HttpTesting.Get();
        request.SetUser(Users.Bob);

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(["bob"], backend.Only.Values("X-User-Sub"));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Inner_handler_replaced_after_a_refusal_is_inspected_again(bool synchronous)
    {
        var accessor = new PropertyAccessor(Users.With(("email", "alice@example.com")));
        using var first = new SocketsHttpHandler();
        using var second = new SocketsHttpHandler();
        var handler = new ClaimInjectionHandler(accessor, RequiringSubject()) { InnerHandler = first };
        using var client = new HttpMessageInvoker(handler);
        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(), synchronous));

        handler.InnerHandler = second;
        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(), synchronous));

        Assert.False(second.UseCookies || second.AllowAutoRedirect);

        var backend = new RecordingHandler();
        using HttpMessageInvoker inner = HttpTesting.Injection(backend, accessor);
        handler.InnerHandler = new StubHandler(request => inner.SendAsync(CopyOf(request), synchronous));
        HttpRequestMessage bobs = HttpTesting.Get();
        bobs.SetUser(Users.Bob);
        using HttpResponseMessage response = await client.SendAsync(bobs, synchronous);

        Assert.Equal(["bob"], backend.Only.Values("X-User-Sub"));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Primary_handler_replaced_after_a_refusal_is_hardened_too(bool synchronous)
    {
        using var primary = new SocketsHttpHandler();
        var between = new WrappingHandler(new SocketsHttpHandler());
        using var client = new HttpMessageInvoker(
            new ClaimInjectionHandler(new PropertyAccessor(Users.With(("email", "alice@example.com"))), RequiringSubject())
            {
                InnerHandler = between,
            });
        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(), synchronous));

        between.InnerHandler = primary;
        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(), synchronous));

        Assert.False(primary.UseCookies || primary.AllowAutoRedirect);
    }

    private static HttpRequestMessage CopyOf(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Content = request.Content };
        foreach (KeyValuePair<string, object?> option in request.Options)
        {
            ((IDictionary<string, object?>)copy.Options).Add(option);
        }

        return copy;
    }

    private static ClaimInjectionOptions RequiringSubject() => new()
    {
        Headers = { new ClaimHeader("X-User-Sub", "sub") { Required = true } },
    };
}
