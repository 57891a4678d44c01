using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A lease is its renter's, on a session and on a client that serves all users alike.</summary>
public sealed class LeaseRenterTests
{
    private const string RentYourOwn =
        "Rent a session for the user of the moment with IMcpClientPool.RentAsync, and use its lease for no other.";

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.OlderStateless)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_where_the_user_is_unknown_carries_the_renter(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);

        await alices.Client.CallTextAsync("ping");
        await bobs.Client.CallTextAsync("ping");

        Assert.Equal([("alice", "Alice Adams"), ("bob", "Bob Brown")], backend.Calls().Select(call => (call.Subject, call.UserName)));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Call_where_the_flow_was_lost_carries_the_renter_despite_Reject(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddClaimInjection(options => options.MissingIdentity = MissingIdentityBehavior.Reject))
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        var said = new TaskCompletionSource<string>();
        ThreadPool.UnsafeQueueUserWorkItem(_ => said.SetResult(lease.Client.CallTextAsync("whoami").GetAwaiter().GetResult()), null);

        Assert.Equal("alice", await said.Task);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Call_in_a_suppressed_flow_carries_the_caller(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        using IdentityScope scope = AmbientIdentity.Use(Users.Named("alice", "Alice Now"));

        Task<string> call;
        using (ExecutionContext.SuppressFlow())
        {
            call = lease.Client.CallTextAsync("whoami");
        }

        Assert.Equal("alice", await call);
        Assert.Equal("Alice Now", Assert.Single(backend.Calls()).UserName);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, false)]
    [InlineData(McpBackendKind.Stateless, true)]
    [InlineData(McpBackendKind.Sessions, false)]
    [InlineData(McpBackendKind.Sessions, true)]
    public async Task Lease_of_a_custom_accessors_user_carries_the_renter(McpBackendKind kind, bool becomesAnonymous)
    {
        var accessor = new PropertyAccessor(Users.Alice);
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend).AddSingleton<IIdentityAccessor>(accessor).BuildServiceProvider();
        await using McpClientLease lease = await services.RentAsync();

        accessor.User = becomesAnonymous ? Users.Anonymous : null;

        if (becomesAnonymous)
        {
            await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("whoami"));
        }
        else
        {
            Assert.Equal("alice", await lease.Client.CallTextAsync("whoami"));
        }
    }

    [Theory]
    [InlineData(Flow.OfBob, $"a user called on another user's session. {RentYourOwn}")]
    [InlineData(Flow.Anonymous, $"an anonymous user called on a signed-in user's session. {RentYourOwn}")]
    [InlineData(Flow.OfAnonymous, $"an anonymous user called on a signed-in user's session. {RentYourOwn}")]
    public async Task Call_of_another_user_is_refused_on_a_shared_client(Flow caller, string reason)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        int before = backend.Exchanges.Count;

        using (caller.Enter())
        {
            var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("whoami"));
            Assert.Equal($"HttpClient 'backend': the request was not sent: {reason}", error.Message);
            await Assert.ThrowsAsync<ClaimInjectionException>(
                () => lease.Client.SendNotificationAsync("notifications/roots/list_changed"));
            Assert.Throws<ClaimInjectionException>(
                () => lease.Client.RegisterNotificationHandler("notifications/message", (_, _) => ValueTask.CompletedTask));
        }

        Assert.Equal(before, backend.Exchanges.Count);
        Assert.Equal("alice", await lease.Client.CallTextAsync("whoami"));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, true)]
    [InlineData(McpBackendKind.Stateless, false)]
    [InlineData(McpBackendKind.Sessions, true)]
    [InlineData(McpBackendKind.Sessions, false)]
    public async Task Lease_of_an_anonymous_or_unknown_renter_serves_no_signed_in_user(McpBackendKind kind, bool isAnonymous)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease lease = isAnonymous ? await services.RentForAsync(null) : await services.RentAsync();

        Assert.Equal("anonymous", await lease.Client.CallTextAsync("whoami"));
        Assert.Equal("anonymous", await AmbientIdentity.RunAsync(null, () => lease.Client.CallTextAsync("whoami")));
        await AmbientIdentity.RunAsync(
            Users.Alice, () => Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("whoami")));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, "anonymous")]
    [InlineData(McpBackendKind.Sessions, "anonymous")]
    public async Task Anonymous_renters_lease_is_anonymous_also_under_Reject(McpBackendKind kind, string expected)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddClaimInjection(options => options.MissingIdentity = MissingIdentityBehavior.Reject))
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(null);

        Assert.Equal(expected, await lease.Client.CallTextAsync("whoami"));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Newer_principal_of_the_renter_makes_its_own_calls(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await AmbientIdentity.RunAsync(Users.Named("alice", "Alice Newer"), () => lease.Client.CallTextAsync("ping"));
        await lease.Client.CallTextAsync("ping");

        Assert.Equal(["Alice Newer", "Alice Adams"], backend.Calls().Select(call => call.UserName));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Disposing_the_client_gives_back_this_lease_only(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend).AddFakeLogging().BuildServiceProvider();
        McpClientLease lease = await services.RentForAsync(Users.Alice);
        await using McpClientLease others = await services.RentForAsync(Users.Alice);
        McpClient client = lease.Client;

        await client.DisposeAsync();
        await client.DisposeAsync();
        await lease.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => lease.Client);
        Assert.Equal("alice", await others.Client.CallTextAsync("whoami"));
        await using McpClientLease next = await services.RentForAsync(Users.Alice);
        Assert.Same(others.Pooled(), next.Pooled());
        Assert.DoesNotContain(services.GetFakeLogCollector().GetSnapshot(), log => log.Id.Name == "SessionEnded");
        Assert.DoesNotContain(backend.Exchanges, exchange => exchange.Http == "DELETE");
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, true)]
    [InlineData(McpBackendKind.Stateless, false)]
    [InlineData(McpBackendKind.Sessions, true)]
    [InlineData(McpBackendKind.Sessions, false)]
    public async Task Client_of_a_lease_that_was_given_back_refuses_calls(McpBackendKind kind, bool byClient)
    {
        const string expected =
            "The lease is disposed, and its client with it. Rent again for further calls, also of tools that were listed.";
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClientLease lease = await services.RentForAsync(Users.Alice);
        McpClient client = lease.Client;
        McpClientTool tool = (await client.ListToolsAsync()).First(tool => tool.Name == "whoami");

        await (byClient ? client.DisposeAsync() : lease.DisposeAsync());

        Assert.StartsWith(expected, (await Assert.ThrowsAsync<ObjectDisposedException>(() => client.CallTextAsync("whoami"))).Message);
        Assert.StartsWith(expected, (await Assert.ThrowsAsync<ObjectDisposedException>(async () => await tool.InvokeAsync())).Message);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.SendNotificationAsync("notifications/roots/list_changed"));
        Assert.Throws<ObjectDisposedException>(
            () => client.RegisterNotificationHandler("notifications/message", (_, _) => ValueTask.CompletedTask));
        Assert.Empty(backend.Calls());
    }

    [Fact]
    public async Task Disposing_an_anonymous_leases_client_closes_its_session()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClientLease lease = await services.RentForAsync(null);

        await lease.Client.DisposeAsync();

        Assert.Empty(backend.LiveSessions);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Call_on_bobs_lease_within_alices_callback_is_bobs(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        var bob = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);

        await using IAsyncDisposable handler = alices.Client.RegisterNotificationHandler(
            NotificationMethods.ProgressNotification, async (_, _) => bob.TrySetResult(await services.CallForAsync(Users.Bob)));
        await alices.Client.CallWithProgressAsync(_ => { });

        Assert.Equal("bob", await bob.Task.WaitAsync(AsyncGate.Patience));
        Assert.Equal("alice", await alices.Client.CallTextAsync("whoami"));
    }

    [Fact]
    public async Task Rent_within_another_users_call_finds_the_shared_client_alive()
    {
        Func<Task>? within = null;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            if (context.Request.Headers["X-User-Sub"] == "mallory" && context.Request.Headers["Mcp-Method"] == "tools/call")
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return Task.CompletedTask;
            }

            return next(context);
        });
        await using ServiceProvider services = McpTesting
            .ServicesFor(
                backend, http => http.AddHttpMessageHandler(() => new NestingHandler(() => Interlocked.Exchange(ref within, null))))
            .BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await Assert.ThrowsAsync<HttpRequestException>(() => services.CallForAsync(Users.Named("mallory")));
        string? bob = null;

        within = async () => bob = await services.CallForAsync(Users.Bob);
        Assert.Equal("alice", await alices.Client.CallTextAsync("whoami"));

        Assert.Equal("bob", bob);
        await using McpClientLease next = await services.RentForAsync(Users.Alice);
        Assert.Same(alices.Pooled(), next.Pooled());
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Another_session_called_within_a_leases_call_keeps_its_own_user(McpBackendKind kind)
    {
        Func<Task>? within = null;
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        var accessor = new PropertyAccessor(Users.Bob);
        await using ServiceProvider services = McpTesting
            .ServicesFor(
                backend, http => http.AddHttpMessageHandler(() => new NestingHandler(() => Interlocked.Exchange(ref within, null))))
            .AddSingleton<IIdentityAccessor>(accessor)
            .BuildServiceProvider();
        await using McpClient bobs = await services.ConnectAsync();
        await using McpClientLease alices = await services.Pool().RentAsync(McpTesting.ClientName, Users.Alice);
        accessor.User = null;
        string? bob = null;

        within = async () => bob = await bobs.CallTextAsync("whoami");

        Assert.Equal("alice", await alices.Client.CallTextAsync("whoami"));
        Assert.Equal("bob", bob);
    }

    /// <summary>A caller's handler that calls for another user in the middle of a call.</summary>
    private sealed class NestingHandler(Func<Func<Task>?> takeNext) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (takeNext() is { } callAsync)
            {
                await callAsync();
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
