using System.Net;

namespace McpIdentityHeaders.Tests.Redirects;

/// <summary>What the caller itself put under an owned name, and users who appear half-way.</summary>
public sealed class RedirectCallersOwnTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Owned_header_that_was_forwarded_does_not_leave_its_origin(bool inContent, bool synchronous)
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
    public async Task Owned_header_that_was_dropped_does_not_keep_a_redirect_from_being_followed(bool synchronous)
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
    public async Task User_who_appears_half_way_is_not_put_on_a_request_that_another_origin_sent_on(bool synchronous)
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
}
