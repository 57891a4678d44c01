using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A session that is no more costs the calls that find it out, and is replaced at the next rent.</summary>
public sealed class EndedSessionTests
{
    /// <summary>How many calls may find out that a backend was restarted: one by a connection that is gone, one by its session.</summary>
    private const int Restart = 2;

    [Fact]
    public async Task Session_that_the_backend_ended_fails_the_call_and_is_replaced_at_the_next_rent()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);
        string bobsSession = Assert.Single(backend.LiveSessions);
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        string ended = Assert.Single(backend.LiveSessions, id => id != bobsSession);

        await backend.EndSessionAsync(ended);

        await AssertFailsAsync(alices.Client);
        await using McpClientLease next = await services.RentForAsync(Users.Alice);
        Assert.NotSame(alices.Pooled(), next.Pooled());
        Assert.Equal("alice", await next.Client.CallTextAsync("whoami"));
        Assert.Equal("bob", await bobs.Client.CallTextAsync("whoami"));
        Assert.Equal(2, backend.LiveSessions.Count);
        Assert.Contains(bobsSession, backend.LiveSessions);
    }

    [Fact]
    public async Task Idle_session_that_the_backend_ended_costs_one_call()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));

        await backend.EndSessionAsync(backend.LiveSessions.Single());

        // What ends is the GET stream, too, so that the client may know before the call does.
        await AssertServedAfterAsync(services, Users.Alice, failures: 1);
        Assert.Single(backend.LiveSessions);
    }

    [Fact]
    public async Task Leases_of_an_ended_session_are_returned_and_do_not_end_its_successor()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend).ConfigurePool(pool => pool.MaxSessions = 2).BuildServiceProvider();
        McpClientLease first = await services.RentForAsync(Users.Alice);
        McpClientLease second = await services.RentForAsync(Users.Alice);
        await backend.EndSessionAsync(backend.LiveSessions.Single());
        await AssertFailsAsync(first.Client);
        await using McpClientLease successor = await services.RentForAsync(Users.Alice);

        await first.DisposeAsync();
        await second.DisposeAsync();

        Assert.Equal("alice", await successor.Client.CallTextAsync("whoami"));
        await using McpClientLease again = await services.RentForAsync(Users.Alice);
        Assert.Same(successor.Pooled(), again.Pooled());

        // Their place is free again.
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.OlderStateless)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Backend_that_restarts_is_served_again(McpBackendKind kind)
    {
        McpBackend old = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(old).BuildServiceProvider();
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));

        await old.DisposeAsync();
        Assert.True(IsOfTheSdk(await Record.ExceptionAsync(() => services.CallForAsync(Users.Alice))));
        await using McpBackend backend = await McpBackend.StartAsync(kind, at: old.Root);

        await AssertServedAfterAsync(services, Users.Alice, failures: Restart);
        await AssertServedAfterAsync(services, Users.Bob, failures: Restart);
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.OlderStateless)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Lease_out_when_the_backend_restarts_does_not_stop_the_next_rent(McpBackendKind kind)
    {
        McpBackend old = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(old).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        await old.DisposeAsync();

        await using McpBackend backend = await McpBackend.StartAsync(kind, at: old.Root);

        await AssertServedAfterAsync(services, Users.Alice, failures: Restart);
    }

    [Fact]
    public async Task Session_whose_stream_the_backend_closed_is_replaced_at_the_next_rent()
    {
        McpBackend old = await McpBackend.StartAsync(McpBackendKind.LegacySse);
        await using ServiceProvider services = McpTesting.ServicesFor(old).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await old.DisposeAsync();
        await lease.Client.Completion;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.LegacySse, at: old.Root);

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.Sessions, McpBackendKind.Stateless)]
    public async Task Backend_that_restarts_with_another_protocol_is_served_again(McpBackendKind before, McpBackendKind after)
    {
        McpBackend old = await McpBackend.StartAsync(before);
        await using ServiceProvider services = McpTesting.ServicesFor(old, mcp: Negotiate).BuildServiceProvider();
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));

        await old.DisposeAsync();
        await using McpBackend backend = await McpBackend.StartAsync(after, at: old.Root);

        await AssertServedAfterAsync(services, Users.Alice, failures: Restart);
        await AssertServedAfterAsync(services, Users.Bob, failures: Restart);
        await AssertServedAfterAsync(services, Users.Named("carol"), failures: Restart);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, McpBackendKind.OlderStateless)]
    [InlineData(McpBackendKind.OlderStateless, McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.Sessions, McpBackendKind.OlderStateless)]
    public async Task Backend_that_restarts_with_other_sessions_is_served_again(McpBackendKind before, McpBackendKind after)
    {
        // With the older protocol throughout: all that changes is whether there is a session id.
        McpBackend old = await McpBackend.StartAsync(before);
        await using ServiceProvider services = McpTesting
            .ServicesFor(old, mcp: options => options.ProtocolVersion = "2025-11-25").BuildServiceProvider();
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));

        await old.DisposeAsync();
        await using McpBackend backend = await McpBackend.StartAsync(after, at: old.Root);

        await AssertServedAfterAsync(services, Users.Alice, failures: Restart);
    }

    private static void Negotiate(McpClientOptions options) => options.ProtocolVersion = null;

    /// <summary>The calls that find out may fail, and no more.</summary>
    private static async Task AssertServedAfterAsync(IServiceProvider services, ClaimsPrincipal user, int failures)
    {
        for (int failed = 0; failed < failures; failed++)
        {
            try
            {
                await services.CallForAsync(user);
                return;
            }
            catch (Exception exception) when (IsOfTheSdk(exception))
            {
                // It did find out.
            }
        }

        Assert.Equal(user.FindFirst("sub")!.Value, await services.CallForAsync(user));
    }

    private static async Task AssertFailsAsync(McpClient client)
    {
        Exception? exception = await Record.ExceptionAsync(() => client.CallTextAsync("ping"));
        Assert.True(IsOfTheSdk(exception), $"Failed with {exception?.GetType()}.");
    }

    /// <summary>The SDK cancels what is under way when the session's stream finds out first.</summary>
    private static bool IsOfTheSdk(Exception? exception) =>
        exception is HttpRequestException or McpException or IOException or OperationCanceledException;
}
