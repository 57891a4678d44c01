using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>Users share a primary handler: none may get another's cookie.</summary>
public sealed class CookieTests
{
    public static TheoryData<string, bool> Primaries => TheoryCases.InBothWays("default", "sockets", "client handler", "wrapped");

    [Theory]
    [MemberData(nameof(Primaries))]
    public async Task Cookie_set_for_Alice_is_not_sent_with_Bobs_request(string primary, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(SignIn);
        var services = new ServiceCollection();
        IHttpClientBuilder builder = services.AddMcpClient(WiredClient.Name, server.Uri).AddClaimInjection();
        if (primary != "default")
        {
            builder.ConfigurePrimaryHttpMessageHandler(() => NewPrimary(primary));
        }

        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);
        using HttpClient client = provider.CreateHttpClient();

        await AssertNoCookieIsSentAsync(client, server, synchronous);
    }

    [Theory]
    [InlineData("sockets", false)]
    [InlineData("sockets", true)]
    [InlineData("client handler", false)]
    [InlineData("client handler", true)]
    [InlineData("wrapped", false)]
    [InlineData("wrapped", true)]
    public async Task Cookie_set_for_Alice_is_not_sent_with_Bobs_request_without_a_container(string primary, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(SignIn);
        using HttpMessageInvoker client = HttpTesting.Chain(NewPrimary(primary), new PropertyAccessor());

        await AssertNoCookieIsSentAsync(client, server, synchronous);
    }

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Cookie_set_by_a_redirect_is_not_kept(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(context =>
        {
            context.Response.Cookies.Append("session", "alice");
            return RedirectTesting.From("/mcp", 302, "/mcp/")(context);
        });
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Equal(2, server.Heads.Count);
        Assert.All(server.Heads, head => Assert.Empty(head.Values("Cookie")));
    }

    private static async Task AssertNoCookieIsSentAsync(HttpMessageInvoker client, WireServer server, bool synchronous)
    {
        foreach (ClaimsPrincipal user in new[] { Users.Alice, Users.Bob })
        {
            HttpRequestMessage request = HttpTesting.Get(server.Uri.ToString());
            request.SetUser(user);
            using HttpResponseMessage response = await client.SendAsync(request, synchronous);
            Assert.True(response.Headers.Contains("Set-Cookie"));
        }

        Assert.Equal(["alice", "bob"], server.Heads.SelectMany(head => head.Values("X-User-Sub")));
        Assert.All(server.Heads, head => Assert.Empty(head.Values("Cookie")));
    }

    private static Task SignIn(HttpContext context)
    {
        context.Response.Cookies.Append("session", context.Request.Headers["X-User-Sub"].ToString());
        return Task.CompletedTask;
    }

    private static HttpMessageHandler NewPrimary(string primary) => primary switch
    {
        "sockets" => new SocketsHttpHandler { UseCookies = true, CookieContainer = new CookieContainer() },
        "client handler" => new HttpClientHandler { UseCookies = true, CookieContainer = new CookieContainer() },
        "wrapped" => new WrappingHandler(new SocketsHttpHandler { UseCookies = true }),
        _ => throw new ArgumentOutOfRangeException(nameof(primary)),
    };
}
