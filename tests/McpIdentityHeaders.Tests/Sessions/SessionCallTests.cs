using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>A call carries the caller's user; where that is unknown, the session's.</summary>
public sealed class SessionCallTests
{
    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_on_alices_session_carries_the_live_user(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpSession session = await services.OpenSessionOfNewerAliceAsync();
        await using McpClient client = session.Client;

        using (AmbientIdentity.Use(Users.Bob))
        {
            await client.CallTextAsync("ping");
        }

        using (AmbientIdentity.Use(Users.Named("carol")))
        {
            await client.CallTextAsync("ping");
        }

        Assert.Equal([("bob", "Bob Brown"), ("carol", null)], backend.Calls().Select(call => (call.Subject, call.UserName)));
        Assert.DoesNotContain(backend.Calls(), call => call.Headers.ContainsKey("X-User-Email"));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_where_the_user_is_unknown_carries_the_sessions_current_user(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpSession session = await services.OpenSessionAsync(Users.Alice);
        await using McpClient client = session.Client;

        await client.CallTextAsync("ping");
        session.SetUser(SessionTesting.NewerAlice);
        await client.CallTextAsync("ping");

        Assert.Equal(["Alice Adams", "Alice Newer"], backend.Calls().Select(call => call.UserName));
        Assert.All(backend.Calls(), call => Assert.Equal("alice", call.Subject));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_where_neither_flow_nor_session_has_a_user_is_unchanged(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .Configure<HttpClientTransportOptions>(McpTesting.ClientName, AddHeader("X_User_Sub", "the-callers-own"))
            .BuildServiceProvider();
        await using McpClient client = await services.ConnectAsync();

        await client.CallTextAsync("ping");

        McpExchange call = Assert.Single(backend.Calls());
        Assert.Equal(["X_User_Sub"], call.IdentityHeaders);
        Assert.Equal("the-callers-own", call.Headers["X_User_Sub"]);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_on_session_without_user_carries_the_live_user(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClient client = await services.ConnectAsync();

        using (AmbientIdentity.Use(Users.Bob))
        {
            await client.CallTextAsync("ping");
        }

        // What Bob did must not have made the session his.
        await client.CallTextAsync("ping");

        Assert.Equal(["bob", null], backend.Calls().Select(call => call.Subject));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, Flow.Anonymous)]
    [InlineData(McpBackendKind.Stateless, Flow.OfAnonymous)]
    [InlineData(McpBackendKind.Sessions, Flow.Anonymous)]
    [InlineData(McpBackendKind.Sessions, Flow.OfAnonymous)]
    [InlineData(McpBackendKind.LegacySse, Flow.Anonymous)]
    [InlineData(McpBackendKind.LegacySse, Flow.OfAnonymous)]
    public async Task Anonymous_call_on_alices_session_carries_no_identity_header(McpBackendKind kind, Flow caller)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .Configure<HttpClientTransportOptions>(McpTesting.ClientName, AddHeader("X.User.Sub", "mallory"))
            .BuildServiceProvider();
        McpSession session = await services.OpenSessionAsync(Users.Alice);
        await using McpClient client = session.Client;

        using (caller.Enter())
        {
            await client.CallTextAsync("ping");
        }

        Assert.Empty(Assert.Single(backend.Calls()).IdentityHeaders);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_on_an_anonymous_session_carries_the_live_user_or_none(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .Configure<HttpClientTransportOptions>(McpTesting.ClientName, AddHeader("x-user-name", "Mallory"))
            .BuildServiceProvider();
        McpSession session = await services.OpenSessionAsync(user: null);
        await using McpClient client = session.Client;

        // The session's user is anonymous, so the header is dropped; an unknown user would let it pass.
        await client.CallTextAsync("ping");
        using (AmbientIdentity.Use(Users.Alice))
        {
            await client.CallTextAsync("ping");
        }

        Assert.Equal([null, "Alice Adams"], backend.Calls().Select(call => call.UserName));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task User_set_on_the_request_wins_over_flow_and_session_on_every_leg(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, builder => builder.AddHttpMessageHandler(() => new SetUserHandler(Users.Named("carol"))))
            .BuildServiceProvider();

        await CallAndCloseAsBobAsync(services, backend);

        Assert.All(backend.Exchanges, exchange => Assert.Equal("carol", exchange.Subject));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Anonymous_set_on_the_request_wins_over_flow_and_session_on_every_leg(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, builder => builder.AddHttpMessageHandler(() => new SetUserHandler(user: null)))
            .BuildServiceProvider();

        await CallAndCloseAsBobAsync(services, backend);

        Assert.All(backend.Exchanges, exchange => Assert.Empty(exchange.IdentityHeaders));
    }

    private static async Task CallAndCloseAsBobAsync(ServiceProvider services, McpBackend backend)
    {
        McpSession session = await services.OpenSessionAsync(Users.Alice);
        if (backend.Kind == McpBackendKind.Sessions)
        {
            await backend.WaitForAsync(exchange => exchange.Http == "GET");
        }

        using IdentityScope scope = AmbientIdentity.Use(Users.Bob);
        await session.Client.CallTextAsync("ping");
        await session.Client.DisposeAsync();

        Assert.Single(backend.Calls());
    }

    private static Action<HttpClientTransportOptions> AddHeader(string name, string value) =>
        options => options.AdditionalHeaders = new Dictionary<string, string> { [name] = value };

    private sealed class SetUserHandler(ClaimsPrincipal? user) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.SetUser(user);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
