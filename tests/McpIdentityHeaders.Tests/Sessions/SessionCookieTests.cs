using System.Collections.Concurrent;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>Each session has cookies of its own, for its endpoint's origin, as backends behind cookie affinity need.</summary>
public sealed class SessionCookieTests
{
    private const string Affinity = "ARRAffinity";

    private readonly ConcurrentDictionary<string, string> _subjects = new();

    [Theory]
    [InlineData(McpBackendKind.Sessions, true)]
    [InlineData(McpBackendKind.Sessions, false)]
    [InlineData(McpBackendKind.OlderStateless, true)]
    [InlineData(McpBackendKind.LegacySse, true)]
    [InlineData(McpBackendKind.LegacySse, false)]
    public async Task Users_behind_a_backend_that_sets_and_demands_a_cookie_have_one_each(McpBackendKind kind, bool pooled)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, SetAndDemandAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using IAsyncDisposable alices = await OpenAsync(services, Users.Alice, pooled);
        await using IAsyncDisposable bobs = await OpenAsync(services, Users.Bob, pooled);

        for (int round = 0; round < 3; round++)
        {
            Assert.Equal("alice", await AmbientIdentity.RunAsync(Users.Alice, () => ClientOf(alices).CallTextAsync("whoami")));
            Assert.Equal("bob", await AmbientIdentity.RunAsync(Users.Bob, () => ClientOf(bobs).CallTextAsync("whoami")));
        }

        Assert.Equal(["alice", "bob"], _subjects.Values.Order());
        Assert.All(
            backend.Exchanges.Where(exchange => exchange.Headers.ContainsKey("Cookie")),
            exchange => Assert.Equal(exchange.Subject, _subjects[exchange.Headers["Cookie"].Split('=')[1]]));
    }

    [Fact]
    public async Task Shared_client_keeps_no_cookie()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, SetAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        foreach (ClaimsPrincipal? user in (ClaimsPrincipal?[])[Users.Alice, Users.Bob, null, Users.Alice])
        {
            await services.CallForAsync(user);
        }

        Assert.All(backend.Exchanges, exchange => Assert.DoesNotContain("Cookie", exchange.Headers.Keys));
    }

    [Fact]
    public async Task Other_user_on_a_session_of_the_factory_neither_sends_nor_sets_its_cookies()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, SetAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClient client = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);

        foreach (ClaimsPrincipal? user in (ClaimsPrincipal?[])[Users.Alice, Users.Bob, null, Users.Alice])
        {
            await AmbientIdentity.RunAsync(user, () => client.CallTextAsync("whoami"));
        }

        Assert.Equal(
            [("alice", true), ("bob", false), (null, false), ("alice", true)],
            backend.Calls().Select(call => (call.Subject, call.Headers.ContainsKey("Cookie"))));
        Assert.All(
            backend.Exchanges.Where(exchange => exchange.Headers.ContainsKey("Cookie")),
            exchange => Assert.Equal("alice", _subjects[exchange.Headers["Cookie"].Split('=')[1]]));
    }

    [Fact]
    public async Task Callers_own_cookie_goes_beside_the_sessions_and_the_request_stays_as_it_was()
    {
        var seen = new ConcurrentQueue<string>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, SetAndDemandAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .Configure<HttpClientTransportOptions>(
                McpTesting.ClientName,
                transport => transport.AdditionalHeaders = new Dictionary<string, string> { ["Cookie"] = "api=key; theme=dark" })
            .BuildServiceProvider();

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));

        string affinity = Assert.Single(_subjects.Keys);
        Assert.Equal("api=key; theme=dark", backend.Exchanges[0].Headers["Cookie"]);
        Assert.All(
            backend.Exchanges.Skip(1), exchange => Assert.Equal($"api=key; theme=dark; {Affinity}={affinity}", exchange.Headers["Cookie"]));
    }

    [Fact]
    public async Task Cookie_that_a_redirect_sets_is_sent_with_its_hop()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) =>
        {
            if (context.Request.Cookies.ContainsKey(Affinity))
            {
                return next(context);
            }

            context.Response.Cookies.Append(Affinity, context.Request.Headers["X-User-Sub"].ToString());
            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = "/mcp";
            return Task.CompletedTask;
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));

        Assert.Equal(2, backend.Exchanges.Count(exchange => !exchange.Headers.ContainsKey("Cookie")));
        Assert.All(
            backend.Exchanges.Where(exchange => exchange.Headers.ContainsKey("Cookie")),
            exchange => Assert.Equal($"{Affinity}={exchange.Subject}", exchange.Headers["Cookie"]));
    }

    [Fact]
    public async Task Redirect_to_another_origin_takes_no_cookie_along()
    {
        await using WireServer other = await WireServer.StartAsync(context =>
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        });
        bool redirects = false;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) =>
        {
            if (!redirects || context.Request.Method != HttpMethods.Post)
            {
                return SetAsync(context, next);
            }

            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = other.At("/elsewhere").ToString();
            return Task.CompletedTask;
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClient client = await AmbientIdentity.RunAsync(null, services.ConnectAsync);
        redirects = true;

        await Assert.ThrowsAnyAsync<Exception>(() => AmbientIdentity.RunAsync(null, () => client.CallTextAsync("ping")));

        Assert.Contains("Cookie", backend.Calls().Single().Headers.Keys);
        Assert.All(other.Heads, head => Assert.Empty(head.Values("Cookie")));
    }

    [Fact]
    public async Task Malformed_expired_and_foreign_cookies_are_left_out()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.SetCookie =
                    new(["=;;=", "gone=1; Max-Age=0", "far=1; Domain=other.example", "secure=1; Secure", "kept=1"]);
                return Task.CompletedTask;
            });
            return next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));

        Assert.All(backend.Exchanges.Skip(1), exchange => Assert.Equal("kept=1", exchange.Headers["Cookie"]));
    }

    /// <summary>Values of Set-Cookie, one after the other, and the Cookie header that then goes out.</summary>
    public static TheoryData<string[], string?> SetCookies => new()
    {
        { ["a=1; Path=/"], "a=1" },
        { ["a=1; Path=/mcp"], "a=1" },
        { ["a=1; Path=/mcp/deeper"], null },
        { ["a=1; Path=/other"], null },
        { ["a=1; HttpOnly; SameSite=Strict"], "a=1" },
        { ["a=1; Domain=backend.test"], "a=1" },
        { ["a=1; Domain=.backend.test"], "a=1" },
        { ["a=1; Domain=test"], null },
        { ["a=1; Domain=other.test"], null },
        { ["a=1; Domain=sub.backend.test"], null },
        { ["a=1; Secure"], null },
        { ["a=1; Max-Age=3600"], "a=1" },
        { ["a=1; Max-Age=0"], null },
        { ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], null },
        { ["a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT"], "a=1" },
        { ["a=1", "a=2"], "a=2" },
        { ["a=1", "a=; Max-Age=0"], null },
        { ["a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], null },
        { ["a=1", "b=2"], "a=1; b=2" },
        { ["=;;=", "a=1"], "a=1" },
        { ["a=1, b=2"], "a=1; b=2" },
        { ["a=1\r\nX-Evil: 1"], null },
    };

    [Theory]
    [MemberData(nameof(SetCookies))]
    public void Cookie_is_kept_as_its_attributes_say(string[] set, string? expected)
    {
        var jar = new CookieJar(new Uri(HttpTesting.Endpoint));
        foreach (string value in set)
        {
            using var response = new HttpResponseMessage();
            response.Headers.TryAddWithoutValidation("Set-Cookie", value);
            jar.Store(HttpTesting.Get(), response);
        }

        HttpRequestMessage outgoing = jar.Apply(HttpTesting.Get());

        outgoing.Headers.TryGetValues("Cookie", out IEnumerable<string>? cookies);
        Assert.Equal(expected is null ? [] : [expected], cookies ?? []);
        Assert.DoesNotContain(outgoing.Headers.NonValidated, header => header.Key == "X-Evil");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_request_of_a_session_comes_with_its_cookie_to_the_last(bool pooled)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, SetAndDemandAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        foreach (ClaimsPrincipal user in new[] { Users.Alice, Users.Bob })
        {
            IAsyncDisposable opened = await OpenAsync(services, user, pooled);
            string subject = user.FindFirst("sub")!.Value;
            Assert.Equal(subject, await AmbientIdentity.RunAsync(user, () => ClientOf(opened).CallTextAsync("whoami")));
            await backend.WaitForAsync(exchange => exchange.Http == "GET" && exchange.Subject == subject);
            await opened.DisposeAsync();
            await services.Pool().CloseAsync(user);
        }

        Assert.Equal(["alice", "bob"], backend.Exchanges.Where(exchange => exchange.Http == "DELETE").Select(exchange => exchange.Subject));
        Assert.Empty(backend.LiveSessions);
        Assert.All(
            backend.Exchanges.Where(exchange => exchange.Headers.ContainsKey("Mcp-Session-Id")),
            exchange => Assert.Equal(exchange.Subject, _subjects[exchange.Headers["Cookie"].Split('=')[1]]));
    }

    [Theory]
    [InlineData("http://backend.test:8080/mcp", true)]
    [InlineData("http://backend.test:8080/other", true)]
    [InlineData("http://backend.test/mcp", false)]
    [InlineData("http://backend.test:8081/mcp", false)]
    [InlineData("https://backend.test:8080/mcp", false)]
    [InlineData("http://other.test:8080/mcp", false)]
    public void Cookie_is_sent_to_the_endpoints_origin_alone(string uri, bool isSent)
    {
        var jar = new CookieJar(new Uri("http://backend.test:8080/mcp"));
        using HttpRequestMessage first = HttpTesting.Get("http://backend.test:8080/mcp");
        using var response = new HttpResponseMessage();
        response.Headers.Add("Set-Cookie", "affinity=1; Path=/");
        jar.Store(first, response);
        using HttpRequestMessage request = HttpTesting.Get(uri);

        HttpRequestMessage outgoing = jar.Apply(request);

        Assert.Equal(
            isSent ? ["affinity=1"] : [], outgoing.Headers.TryGetValues("Cookie", out IEnumerable<string>? cookies) ? cookies : []);
    }

    private Task SetAndDemandAsync(HttpContext context, RequestDelegate next)
    {
        // The first request of a session opens it; every other comes with the session's cookie.
        bool opens = context.Request.Headers["Mcp-Session-Id"].Count == 0
            && context.Request.Headers["Mcp-Method"].ToString() is "" or "initialize"
            && !context.Request.Query.ContainsKey("sessionId");
        string? affinity = context.Request.Cookies[Affinity];
        if (affinity is null ? opens : _subjects.GetValueOrDefault(affinity) == context.Request.Headers["X-User-Sub"])
        {
            return affinity is null ? SetAsync(context, next) : next(context);
        }

        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return Task.CompletedTask;
    }

    private Task SetAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Cookies.ContainsKey(Affinity))
        {
            string affinity = Guid.NewGuid().ToString("N");
            _subjects[affinity] = context.Request.Headers["X-User-Sub"].ToString();
            context.Response.Cookies.Append(Affinity, affinity);
        }

        return next(context);
    }

    private static async Task<IAsyncDisposable> OpenAsync(IServiceProvider services, ClaimsPrincipal user, bool pooled) => pooled
        ? await services.RentForAsync(user)
        : await AmbientIdentity.RunAsync(user, services.ConnectAsync);

    private static McpClient ClientOf(IAsyncDisposable opened) => opened as McpClient ?? ((McpClientLease)opened).Client;
}
