using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What a call calls back runs as the caller of that call.</summary>
public sealed class CallbackFlowTests
{
    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Progress_of_concurrent_callers_is_reported_as_each_of_them(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        string[] subjects = [.. Enumerable.Range(0, 10).Select(number => $"user-{number}")];

        string?[] reported = await Task.WhenAll(subjects.Select(subject => AmbientIdentity.RunAsync(Users.Named(subject), async () =>
        {
            await using McpClientLease lease = await services.RentAsync();
            string? reportedAs = null;
            Assert.Equal(subject, await lease.Client.CallWithProgressAsync(_ => reportedAs = Subject()));
            return reportedAs;
        })));

        Assert.Equal(subjects, reported);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Progress_of_a_call_whose_user_is_unknown_is_reported_as_the_renter(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);
        string? reportedAs = null;

        Assert.Equal("alice", await alices.Client.CallWithProgressAsync(_ => reportedAs = Subject()));

        Assert.Equal("alice", reportedAs);
        Assert.Null(AmbientIdentity.User);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Progress_of_an_anonymous_callers_call_is_reported_as_anonymous(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease lease = await services.RentForAsync(null);
        bool? isAnonymous = null;

        await lease.Client.CallWithProgressAsync(_ => isAnonymous = AmbientIdentity.User?.Identities.Any() == false);

        Assert.True(isAnonymous);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Handler_runs_as_who_registered_it_with_all_that_is_ambient(McpBackendKind kind)
    {
        var ambient = new AsyncLocal<string?>();
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        var heard = new TaskCompletionSource<(string?, string?, string)>(TaskCreationOptions.RunContinuationsAsynchronously);

        await AmbientIdentity.RunAsync(Users.Alice, () =>
        {
            ambient.Value = "alices";
            alices.Client.RegisterNotificationHandler(NotificationMethods.ResourceUpdatedNotification, async (_, _) =>
            {
                await Task.Yield();
                heard.TrySetResult((Subject(), ambient.Value, await alices.Client.CallTextAsync("whoami")));
            });
            return Task.CompletedTask;
        });
        await alices.Client.CallToolAsync("update");

        Assert.Equal(("alice", "alices", "alice"), await heard.Task.WaitAsync(AsyncGate.Patience));
        Assert.Null(AmbientIdentity.User);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Handler_registered_in_a_suppressed_flow_runs_as_the_caller(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        var heard = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (AmbientIdentity.Use(Users.Alice))
        using (ExecutionContext.SuppressFlow())
        {
            lease.Client.RegisterNotificationHandler(NotificationMethods.ResourceUpdatedNotification, (_, _) =>
            {
                heard.TrySetResult(Subject());
                return ValueTask.CompletedTask;
            });
            Assert.True(ExecutionContext.IsFlowSuppressed());
        }

        await lease.Client.CallToolAsync("update");

        Assert.Equal("alice", await heard.Task.WaitAsync(AsyncGate.Patience));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Handler_that_disposes_its_own_registration_does_not_wait_for_itself(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClientLease lease = await services.RentForAsync(Users.Alice);
        var disposed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        IAsyncDisposable? registration = null;
        registration = lease.Client.RegisterNotificationHandler(NotificationMethods.ResourceUpdatedNotification, async (_, _) =>
        {
            await registration!.DisposeAsync();
            await lease.DisposeAsync();
            disposed.TrySetResult();
        });

        await lease.Client.CallToolAsync("update");

        await disposed.Task.WaitAsync(AsyncGate.Patience);
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Handlers_end_with_their_lease(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        int ended = 0;
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        McpClientLease first = await services.RentForAsync(Users.Alice);
        first.Client.RegisterNotificationHandler(NotificationMethods.ResourceUpdatedNotification, (_, _) =>
        {
            Interlocked.Increment(ref ended);
            return ValueTask.CompletedTask;
        });
        await first.DisposeAsync();

        // Disposing the second lease waits for handlers that run: by then the first lease's would have been called too, or will never be.
        await using McpClientLease second = await services.RentForAsync(Users.Alice);
        second.Client.RegisterNotificationHandler(NotificationMethods.ResourceUpdatedNotification, (_, _) =>
        {
            heard.TrySetResult();
            return ValueTask.CompletedTask;
        });
        await second.Client.CallToolAsync("update");
        await heard.Task.WaitAsync(AsyncGate.Patience);
        await second.DisposeAsync();

        Assert.Equal(0, ended);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Progress_of_bobs_call_on_alices_client_of_the_factory_is_reported_as_bob(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClient client = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);
        string? bobs = null;
        string? alices = null;

        Assert.Equal("bob", await AmbientIdentity.RunAsync(Users.Bob, () => client.CallWithProgressAsync(_ => bobs = Subject())));
        Assert.Equal("alice", await client.CallWithProgressAsync(_ => alices = Subject()));

        Assert.Equal(("bob", "alice"), (bobs, alices));
    }

    [Fact]
    public async Task Progress_that_a_custom_accessors_user_gets_is_reported_as_that_user()
    {
        var context = new HttpContextAccessor();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .AddSingleton<IIdentityAccessor>(new ContextAccessor(context))
            .BuildServiceProvider();
        context.HttpContext = new DefaultHttpContext { User = Users.Bob };
        string? ambient = null;
        string? byContext = null;
        await using McpClientLease lease = await services.RentAsync();

        await lease.Client.CallWithProgressAsync(
            _ => (ambient, byContext) = (Subject(), context.HttpContext?.User.FindFirst("sub")?.Value));

        Assert.Equal(("bob", "bob"), (ambient, byContext));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Handler_hears_of_its_own_users_calls_alone(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind, server: FeatureServer.Add);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease alicesOther = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);
        await using McpClientLease anonymous = await services.RentForAsync(null);
        var heard = new ConcurrentDictionary<string, int>();
        (McpClientLease, string)[] leases =
            [(alices, "alice"), (alicesOther, "alice's other"), (bobs, "bob"), (anonymous, "anonymous")];
        foreach ((McpClientLease lease, string name) in leases)
        {
            lease.Client.RegisterNotificationHandler(FeatureServer.Notification, (notification, _) =>
            {
                heard.AddOrUpdate($"{name}: {notification.Params!["text"]}", 1, (_, count) => count + 1);
                return ValueTask.CompletedTask;
            });
        }

        await alices.Client.NotifyAsync("for alice: é \\u0041 1.0");
        await bobs.Client.NotifyAsync("for bob");
        await anonymous.Client.NotifyAsync("for anonymous");

        // Disposing waits for handlers that run.
        await alices.DisposeAsync();
        await alicesOther.DisposeAsync();
        await bobs.DisposeAsync();
        await anonymous.DisposeAsync();
        Assert.Equal(
            ["alice's other: for alice: é \\u0041 1.0", "alice: for alice: é \\u0041 1.0", "anonymous: for anonymous", "bob: for bob"],
            heard.Keys.Order(StringComparer.Ordinal));
        Assert.All(heard.Values, count => Assert.Equal(1, count));
    }

    private static string? Subject() => AmbientIdentity.User?.FindFirst("sub")?.Value;

    private sealed class ContextAccessor(HttpContextAccessor context) : IIdentityAccessor
    {
        public ClaimsPrincipal? User => context.HttpContext?.User;
    }
}
