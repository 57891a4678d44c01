using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What one user meets, or does on purpose, takes nothing from the others.</summary>
public sealed class HostileUserTests
{
    private static readonly ClaimsPrincipal Mallory = Users.Named("mallory");

    [Theory]
    [InlineData(StatusCodes.Status401Unauthorized)]
    [InlineData(StatusCodes.Status403Forbidden)]
    [InlineData(StatusCodes.Status404NotFound)]
    [InlineData(StatusCodes.Status405MethodNotAllowed)]
    [InlineData(StatusCodes.Status410Gone)]
    [InlineData(StatusCodes.Status429TooManyRequests)]
    [InlineData(StatusCodes.Status500InternalServerError)]
    [InlineData(StatusCodes.Status503ServiceUnavailable)]
    public async Task Refusals_of_one_user_alone_in_50_rounds_leave_the_shared_client_open(int status)
    {
        bool refuses = false;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            if (refuses && RequestGate.IsOf(context, "mallory"))
            {
                context.Response.StatusCode = status;
                return Task.CompletedTask;
            }

            return next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        refuses = true;

        for (int round = 0; round < 50; round++)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => services.CallForAsync(Mallory));
        }

        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);
        Assert.Same(alices.Pooled(), bobs.Pooled());
        Assert.Equal("bob", await bobs.Client.CallTextAsync("whoami"));
        Assert.DoesNotContain(backend.Exchanges, exchange => exchange is { Rpc: "server/discover", Subject: "bob" });
    }

    [Fact]
    public async Task Rents_that_wait_for_a_suspect_session_leave_room_for_other_users()
    {
        var gate = new MessageGate("ping");
        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Sessions, (context, next) => gate.HoldAsync(context, again =>
        {
            if (RequestGate.IsOf(again, "mallory") && again.Request.Headers["X-Refuse"].Count > 0)
            {
                again.Response.StatusCode = StatusCodes.Status400BadRequest;
                return Task.CompletedTask;
            }

            return next(again);
        }));
        var refused = new AsyncLocal<bool>();
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddHttpMessageHandler(() => new MarkingHandler(refused)))
            .AddSingleton<TimeProvider>(new FakeTimeProvider())
            .ConfigurePool(pool => pool.MaxSessions = 10)
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Mallory);
        List<Task<McpClientLease>> waiting = [];

        // Each refusal has the next rent ask, and the backend never answers.
        for (int round = 0; round < 50; round++)
        {
            await RefuseAsync();
            waiting.Add(services.RentForAsync(Mallory));
            Assert.False(waiting[^1].IsCompleted);
        }

        await RefuseAsync();
        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentForAsync(Mallory));

        Assert.Equal(ClaimInjectionErrorReason.PoolExhausted, error.Reason);
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        gate.Open();
        foreach (McpClientLease rented in await Task.WhenAll(waiting))
        {
            await rented.DisposeAsync();
        }

        // Those who waited have left.
        Assert.Equal("mallory", await services.CallForAsync(Mallory));

        async Task RefuseAsync()
        {
            refused.Value = true;
            await Assert.ThrowsAsync<HttpRequestException>(() => lease.Client.CallTextAsync("ping"));
            refused.Value = false;
        }
    }

    [Fact]
    public async Task Unknown_methods_of_one_user_cost_calls_beside_them_nothing()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        Task<string[]> mallorys = Task.WhenAll(Enumerable.Range(0, 50).Select(_ => AmbientIdentity.RunAsync(Mallory, async () =>
        {
            await using McpClientLease lease = await services.RentAsync();
            await Assert.ThrowsAnyAsync<Exception>(async () => await lease.Client.ListPromptsAsync());
            return await lease.Client.CallTextAsync("whoami");
        })));
        Task<string[]> bobs = Task.WhenAll(Enumerable.Range(0, 50).Select(_ => services.CallForAsync(Users.Bob)));

        Assert.Equal(Enumerable.Repeat("mallory", 50), await mallorys);
        Assert.Equal(Enumerable.Repeat("bob", 50), await bobs);
        Assert.DoesNotContain(backend.Exchanges, exchange => exchange is { Rpc: "server/discover", Subject: "bob" });
    }

    [Fact]
    public async Task Anonymous_and_signed_in_connects_that_hang_leave_each_other_sessions()
    {
        var held = new RequestGate(context => RequestGate.IsInitialize(context) && !RequestGate.IsOf(context, "alice"), expected: 2);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(pool => pool.MaxSessions = 20).BuildServiceProvider();
        Task<string>[] anonymous = [services.CallForAsync(null), services.CallForAsync(Users.Anonymous)];
        await held.Arrived;

        await Assert.ThrowsAsync<ClaimInjectionException>(() => services.CallForAsync(null));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));

        // Seventeen users and Alice leave the two their places.
        Task<string>[] users = [.. Enumerable.Range(0, 17).Select(i => services.CallForAsync(Users.Named($"user-{i}")))];
        Assert.DoesNotContain(users, user => user.IsFaulted);
        held.Release();
        Assert.Equal(["anonymous", "anonymous"], await Task.WhenAll(anonymous));
        await Task.WhenAll(users);
    }

    [Fact]
    public async Task Cancelled_rents_give_their_places_to_others()
    {
        var held = new RequestGate(RequestGate.IsInitialize, expected: 2);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(pool => pool.MaxSessions = 2).BuildServiceProvider();
        Task<string>[] waiting = [.. Enumerable.Range(0, 50).Select(_ => services.CallForAsync(Users.Alice))];
        using var cancellation = new CancellationTokenSource();
        Task<McpClientLease>[] cancelled = [.. Enumerable.Range(0, 50).Select(_ => services.RentForAsync(Mallory, cancellation.Token))];
        await held.Arrived;
        await Assert.ThrowsAsync<ClaimInjectionException>(() => services.CallForAsync(Users.Bob));

        await cancellation.CancelAsync();
        await Task.WhenAll(cancelled.Select(rent => Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent)));
        Task<string>[] later = [.. Enumerable.Range(0, 50).Select(_ => services.CallForAsync(Users.Bob))];

        await Assert.ThrowsAsync<ClaimInjectionException>(() => services.CallForAsync(Mallory));
        held.Release();
        string[] served = await Task.WhenAll([.. waiting, .. later]);
        Assert.Equal(Enumerable.Repeat("alice", 50).Concat(Enumerable.Repeat("bob", 50)), served);
    }

    [Fact]
    public async Task Sign_out_of_the_user_who_probes_lets_others_connect_at_once()
    {
        var held = new RequestGate(
            context => RequestGate.IsOf(context, "mallory") && context.Request.Headers["Mcp-Method"] == "initialize");
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);

        // A stopped clock: what others wait for at most a second, they wait for as long as the test takes.
        await using ServiceProvider services = McpTesting.ServicesFor(backend, mcp: options => options.ProtocolVersion = null)
            .AddSingleton<TimeProvider>(new FakeTimeProvider()).BuildServiceProvider();
        Task<string> mallorys = services.CallForAsync(Mallory);
        await held.Arrived;
        Task<string>[] others = [services.CallForAsync(Users.Alice), services.CallForAsync(Users.Bob), services.CallForAsync(null)];

        Task closing = services.Pool().CloseAsync(Mallory);

        Assert.Equal(["alice", "bob", "anonymous"], await Task.WhenAll(others).WaitAsync(RequestGate.Patience));
        await Assert.ThrowsAsync<ClaimInjectionException>(() => mallorys);
        held.Release();
        await closing.WaitAsync(RequestGate.Patience);
    }

    [Fact]
    public async Task Backend_slow_to_delete_one_users_session_keeps_no_other_waiting()
    {
        var held = new RequestGate(RequestGate.IsDelete);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .AddSingleton<TimeProvider>(new FakeTimeProvider())
            .ConfigurePool(pool => pool.MaxSessions = 1).BuildServiceProvider();
        await services.CallForAsync(Mallory);

        Assert.Equal("alice", await services.CallForAsync(Users.Alice).WaitAsync(RequestGate.Patience));
        await held.Arrived;
        Assert.Equal("bob", await services.CallForAsync(Users.Bob).WaitAsync(RequestGate.Patience));
        Task closing = services.Pool().CloseAsync(Mallory);
        Task bobs = services.Pool().CloseAsync(Users.Named("no session"));

        await bobs.WaitAsync(RequestGate.Patience);
        Assert.False(closing.IsCompleted);
        held.Release();
        await closing.WaitAsync(RequestGate.Patience);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, null)]
    [InlineData(McpBackendKind.Sessions, null)]
    [InlineData(McpBackendKind.Sessions, "2025-11-25")]
    public async Task Disposing_the_pool_ends_each_rent_that_waits(McpBackendKind kind, string? protocol)
    {
        var held = new RequestGate(context => HttpMethods.IsPost(context.Request.Method));
        await using McpBackend backend = await McpBackend.StartAsync(kind, held.HoldAsync);
        ServiceProvider services = McpTesting.ServicesFor(backend, mcp: options => options.ProtocolVersion = protocol)
            .ConfigurePool(pool => pool.CloseTimeout = TimeSpan.FromMilliseconds(100)).BuildServiceProvider();
        Task<McpClientLease>[] rents = [services.RentForAsync(Mallory), services.RentForAsync(Mallory), services.RentForAsync(null)];
        await held.Arrived;
        IMcpClientPool pool = services.Pool();

        await services.DisposeAsync().AsTask().WaitAsync(RequestGate.Patience);

        foreach (Task<McpClientLease> rent in rents)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => rent.WaitAsync(RequestGate.Patience));
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RentAsync(McpTesting.ClientName, Mallory).AsTask());
        held.Release();
    }

    [Theory]
    [InlineData("factory")]
    [InlineData("off")]
    [InlineData("OAuth")]
    public async Task No_user_waits_where_the_settings_rule_sharing_out(string setting)
    {
        var held = new RequestGate(context => RequestGate.IsOf(context, "mallory"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .AddSingleton<TimeProvider>(new FakeTimeProvider())
            .ConfigurePool(pool =>
            {
                pool.TransportOptionsFactory = setting == "factory" ? (_, transport) => transport : null;
                pool.ShareStatelessClients = setting != "off";
            })
            .Configure<HttpClientTransportOptions>(McpTesting.ClientName, transport => transport.OAuth =
                setting == "OAuth" ? new ClientOAuthOptions { RedirectUri = new Uri("http://localhost/callback") } : null)
            .BuildServiceProvider();
        Task<string> mallorys = services.CallForAsync(Mallory);
        await held.Arrived;

        Task<string>[] others = [services.CallForAsync(Users.Alice), services.CallForAsync(Users.Bob), services.CallForAsync(null)];
        string[] served = await Task.WhenAll(others).WaitAsync(RequestGate.Patience);

        Assert.Equal(["alice", "bob", "anonymous"], served);
        held.Release();
        Assert.Equal("mallory", await mallorys);
    }

    private sealed class MarkingHandler(AsyncLocal<bool> marks) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (marks.Value)
            {
                request.Headers.Add("X-Refuse", "1");
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
