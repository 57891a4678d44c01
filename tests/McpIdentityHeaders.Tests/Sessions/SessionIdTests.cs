using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>A backend that hands out one session id twice would take two users for one.</summary>
public sealed class SessionIdTests
{
    private const string SessionId = "Mcp-Session-Id";

    [Theory]
    [InlineData(HttpTransportMode.StreamableHttp, true)]
    [InlineData(HttpTransportMode.StreamableHttp, false)]
    [InlineData(HttpTransportMode.AutoDetect, true)]
    [InlineData(HttpTransportMode.AutoDetect, false)]
    public async Task Second_session_with_the_id_of_another_is_refused_and_sends_nothing_on_it(HttpTransportMode mode, bool pooled)
    {
        string? handedOut = null;
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Sessions, (context, next) => ReuseSessionIdAsync(context, next, () => handedOut, id => handedOut ??= id));
        await using ServiceProvider services = ServicesFor(backend, mode);
        await using IAsyncDisposable alices = await OpenAsync(services, Users.Alice, pooled);

        InvalidOperationException refused =
            await Assert.ThrowsAnyAsync<InvalidOperationException>(() => OpenAsync(services, Users.Bob, pooled));

        Assert.Equal(
            "MCP client 'backend': no session was opened: the backend handed out the id of another open session, and would take both for "
            + "one. Have the backend give each session an id of its own, also after a restart.",
            refused.Message);
        Assert.DoesNotContain(backend.Exchanges, exchange => exchange.Subject == "bob" && exchange.Headers.ContainsKey(SessionId));
        Assert.Equal("alice", await AmbientIdentity.RunAsync(Users.Alice, () => ClientOf(alices).CallTextAsync("whoami")));
    }

    [Fact]
    public async Task Second_session_is_refused_though_its_user_has_another_query()
    {
        string? handedOut = null;
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Sessions, (context, next) => ReuseSessionIdAsync(context, next, () => handedOut, id => handedOut ??= id));
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .Configure<HttpClientTransportOptions>(
                McpTesting.ClientName, transport => transport.TransportMode = HttpTransportMode.StreamableHttp)
            .Configure<McpClientPoolOptions>(McpTesting.ClientName, pool => pool.TransportOptionsFactory = (user, transport) =>
            {
                transport.Endpoint = new Uri($"{transport.Endpoint}?for={user.FindFirst("sub")!.Value}");
                return transport;
            })
            .BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentForAsync(Users.Bob));

        Assert.Equal(ClaimInjectionErrorReason.InvalidSession, refused.Reason);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Id_of_a_session_that_has_ended_may_be_handed_out_again(bool pooled)
    {
        string? handedOut = null;
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Sessions, (context, next) => ReuseSessionIdAsync(context, next, () => handedOut, id => handedOut ??= id));
        await using ServiceProvider services = ServicesFor(backend, HttpTransportMode.StreamableHttp);
        IAsyncDisposable alices = await OpenAsync(services, Users.Alice, pooled);
        McpClient client = ClientOf(alices);
        await alices.DisposeAsync();
        await services.Pool().CloseAsync(Users.Alice);
        await client.Completion;

        // The backend does not know the id any more, so that the next request on it fails; it is not refused here.
        Exception? exception = await Record.ExceptionAsync(() => OpenAsync(services, Users.Bob, pooled));

        Assert.IsNotType<InvalidOperationException>(exception);
        Assert.Contains(
            backend.Exchanges, exchange => exchange.Subject == "bob" && exchange.Headers.GetValueOrDefault(SessionId) == handedOut);
    }

    private static ServiceProvider ServicesFor(McpBackend backend, HttpTransportMode mode) => McpTesting.ServicesFor(backend)
        .Configure<HttpClientTransportOptions>(McpTesting.ClientName, transport => transport.TransportMode = mode)
        .BuildServiceProvider();

    private static async Task<IAsyncDisposable> OpenAsync(IServiceProvider services, ClaimsPrincipal user, bool pooled) => pooled
        ? await services.RentForAsync(user)
        : await AmbientIdentity.RunAsync(user, services.ConnectAsync);

    private static McpClient ClientOf(IAsyncDisposable opened) => opened as McpClient ?? ((McpClientLease)opened).Client;

    private static Task ReuseSessionIdAsync(HttpContext context, RequestDelegate next, Func<string?> get, Action<string> set)
    {
        if (context.Request.Headers[SessionId].Count == 0)
        {
            context.Response.OnStarting(() =>
            {
                if (context.Response.Headers[SessionId].ToString() is { Length: > 0 } id)
                {
                    set(id);
                    context.Response.Headers[SessionId] = get();
                }

                return Task.CompletedTask;
            });
        }

        return next(context);
    }
}
