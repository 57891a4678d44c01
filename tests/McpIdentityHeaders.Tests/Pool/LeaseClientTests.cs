using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using NSubstitute;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A lease's client is the renter's view of the pooled one, the same on backends with and without sessions.</summary>
public sealed class LeaseClientTests
{
    private readonly FakeLogCollector _logs =
        FakeLogCollector.Create(new FakeLogCollectorOptions { CollectRecordsForDisabledLogLevels = true });

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_after_the_scope_has_ended_carries_the_renter(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);

        string[] sent =
            await Task.WhenAll(Enumerable.Range(0, 40).Select(number => (number % 2 == 0 ? alices : bobs).Client.CallTextAsync("whoami")));

        Assert.Equal(Enumerable.Range(0, 40).Select(number => number % 2 == 0 ? "alice" : "bob"), sent);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Handler_that_is_registered_as_the_lease_ends_is_refused(McpBackendKind kind)
    {
        Action? onRead = null;
        var accessor = Substitute.For<IIdentityAccessor>();
        accessor.User.Returns(_ =>
        {
            onRead?.Invoke();
            return Users.Alice;
        });
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).AddSingleton(accessor).BuildServiceProvider();
        McpClientLease lease = await services.RentAsync();
        McpClient client = lease.Client;

        // Between the first look at the lease and the registration.
        onRead = () => _ = lease.DisposeAsync().AsTask();

        Assert.Throws<ObjectDisposedException>(
            () => client.RegisterNotificationHandler("notifications/message", (_, _) => ValueTask.CompletedTask));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Completion_ends_with_the_lease_and_before_it_with_the_session(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClientLease first = await services.RentForAsync(Users.Alice);
        await using McpClientLease second = await services.RentForAsync(Users.Alice);
        McpClient client = first.Client;
        Task completion = client.Completion;
        Assert.False(completion.IsCompleted);

        await first.DisposeAsync();

        await completion.WaitAsync(AsyncGate.Patience);
        await client.Completion.WaitAsync(AsyncGate.Patience);
        Task others = second.Client.Completion;
        Assert.False(others.IsCompleted);
        await second.Pooled().DisposeAsync();
        await others.WaitAsync(AsyncGate.Patience);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Disposing_a_leases_client_ends_that_lease_alone(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        ServiceCollection collection = McpTesting.ServicesFor(backend);
        collection.AddTraceLogging(_logs);
        await using ServiceProvider services = collection.BuildServiceProvider();
        McpClientLease first = await services.RentForAsync(Users.Alice);
        await using McpClientLease second = await services.RentForAsync(Users.Alice);
        McpClient client = first.Client;

        await client.DisposeAsync();
        await client.DisposeAsync();
        await first.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => first.Client);
        var refused = await Assert.ThrowsAsync<ObjectDisposedException>(() => client.CallTextAsync("whoami"));
        Assert.Contains("Rent again", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => client.RegisterNotificationHandler("any", (_, _) => default));
        Assert.Equal("alice", await second.Client.CallTextAsync("whoami"));
        Assert.False(second.Client.Completion.IsCompleted);
        Assert.DoesNotContain(_logs.GetSnapshot(), record => record.Id.Name == "SessionEnded");
        Assert.DoesNotContain(backend.Exchanges, exchange => exchange.Http == "DELETE");
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Tool_listed_through_a_lease_calls_as_its_renter_until_the_lease_ends(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);

        McpClientTool tool = (await alices.Client.ListToolsAsync()).Single(tool => tool.Name == "whoami");

        Assert.Equal("alice", TextOf(await tool.CallAsync()));
        await Assert.ThrowsAsync<ClaimInjectionException>(() => AmbientIdentity.RunAsync(Users.Bob, () => tool.CallAsync().AsTask()));
        await alices.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => tool.CallAsync().AsTask());
        Assert.Equal("bob", await bobs.Client.CallTextAsync("whoami"));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Progress_is_reported_in_the_flow_of_its_call(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        ClaimsPrincipal[] users = [.. Enumerable.Range(0, 8).Select(number => Users.Named($"user-{number}"))];

        await Task.WhenAll(users.Select(user => AmbientIdentity.RunAsync(user, async () =>
        {
            await using McpClientLease lease = await services.RentAsync();
            await AssertReportedAsync(lease.Client, user);
        })));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Progress_on_a_factorys_client_is_reported_in_the_flow_of_its_call(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClient client = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);

        await Task.WhenAll(new[] { Users.Bob, Users.Named("carol") }.Select(
            user => AmbientIdentity.RunAsync(user, () => AssertReportedAsync(client, user))));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Client_of_a_lease_answers_as_the_pooled_one(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        McpClient pooled = lease.Pooled();

        Assert.Equal(
            (pooled.SessionId, pooled.NegotiatedProtocolVersion, pooled.ServerInstructions, pooled.ServerInfo, pooled.ServerCapabilities),
            (lease.Client.SessionId, lease.Client.NegotiatedProtocolVersion, lease.Client.ServerInstructions, lease.Client.ServerInfo,
                lease.Client.ServerCapabilities));
        await lease.Client.SendNotificationAsync("notifications/any");
        Assert.Equal("alice", (await backend.WaitForAsync(exchange => exchange.Rpc == "notifications/any")).Subject);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Cancelled_call_ends_and_leaves_the_lease_usable(McpBackendKind kind)
    {
        using var cancelled = new CancellationTokenSource();
        await using McpBackend backend = await McpBackend.StartAsync(kind, async (context, next) =>
        {
            if (context.Request.Headers["X-Hold"].Count > 0)
            {
                await cancelled.CancelAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            await next(context);
        });
        var hold = new AsyncLocal<bool>();
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddHttpMessageHandler(() => new Holding(hold)))
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        hold.Value = true;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => lease.Client.CallToolAsync("whoami", cancellationToken: cancelled.Token).AsTask());
        hold.Value = false;

        Assert.Equal("alice", await lease.Client.CallTextAsync("whoami"));
    }

    [Fact]
    public async Task Lease_can_be_made_for_a_double_of_the_pool()
    {
        var client = Substitute.For<McpClient>();
        var lease = new McpClientLease(client);
        Assert.Same(client, lease.Client);

        await lease.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => lease.Client);
        await client.DidNotReceive().DisposeAsync();
        Assert.Throws<ArgumentNullException>(() => new McpClientLease(null!));
    }

    private static async Task AssertReportedAsync(McpClient client, ClaimsPrincipal user)
    {
        string id = Guid.NewGuid().ToString();
        var reports = new Reports(BackendTools.Reported.GetOrAdd(id, _ => new TaskCompletionSource()));
        CallToolResult result = await client.CallToolAsync("count", new Dictionary<string, object?> { ["id"] = id }, reports);

        (string? ambient, string? message) = reports.First;
        string subject = user.FindFirst("sub")!.Value;
        Assert.Equal((subject, subject, subject), (ambient, message, TextOf(result)));
    }

    private static string TextOf(CallToolResult result) => Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;

    private sealed class Reports(TaskCompletionSource reported) : IProgress<ProgressNotificationValue>
    {
        public (string? Ambient, string? Message) First { get; private set; }

        public void Report(ProgressNotificationValue value)
        {
            First = (AmbientIdentity.User?.FindFirst("sub")?.Value, value.Message);
            reported.TrySetResult();
        }
    }

    private sealed class Holding(AsyncLocal<bool> hold) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (hold.Value && request.Method == HttpMethod.Post)
            {
                request.Headers.Add("X-Hold", "1");
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
