using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>An idle session is closed at its timeout, a leased one never.</summary>
public sealed class IdleTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Session_is_closed_when_its_idle_timeout_elapses()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        await services.CallForAsync(Users.Alice);

        _time.Advance(Timeout);

        McpExchange delete = await backend.WaitForAsync(exchange => exchange.Http == "DELETE");
        Assert.Equal("alice", delete.Subject);
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal(2, Opened(backend, "alice"));
    }

    [Fact]
    public async Task Session_of_the_default_options_is_closed_after_ten_minutes()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).AddSingleton<TimeProvider>(_time).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        _time.Advance(TimeSpan.FromMinutes(10) - Moment);
        await services.CallForAsync(Users.Alice);
        Assert.Equal(1, Opened(backend, "alice"));

        _time.Advance(TimeSpan.FromMinutes(10));
        await backend.WaitForAsync(exchange => exchange.Http == "DELETE");
    }

    [Fact]
    public async Task Session_used_just_in_time_stays_and_its_timeout_restarts()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);

        // One that had been closed would be opened again.
        for (int round = 0; round < 4; round++)
        {
            await services.CallForAsync(Users.Alice);
            _time.Advance(Timeout - Moment);
        }

        Assert.Equal(1, Opened(backend, "alice"));
        _time.Advance(Moment);
        await backend.WaitForAsync(exchange => exchange.Http == "DELETE");
    }

    [Fact]
    public async Task Session_that_is_leased_is_never_closed_as_idle()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        McpClientLease first = await services.RentForAsync(Users.Alice);
        McpClientLease second = await services.RentForAsync(Users.Alice);

        _time.Advance(Timeout * 10);
        await first.DisposeAsync();
        await first.DisposeAsync();
        _time.Advance(Timeout * 10);

        Assert.Equal("alice", await second.Client.CallTextAsync("whoami"));
        await second.DisposeAsync();
        await services.CallForAsync(Users.Alice);
        Assert.Equal(1, Opened(backend, "alice"));
        _time.Advance(Timeout);
        await backend.WaitForAsync(exchange => exchange.Http == "DELETE");
    }

    [Fact]
    public async Task Sessions_expire_each_at_its_own_time()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        string[] users = ["alice", "bob", "carol"];
        foreach (string user in users)
        {
            await services.CallForAsync(Users.Named(user));
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "alice" });
        Assert.Equal(["alice"], Closed(backend));
        _time.Advance(TimeSpan.FromMinutes(1));
        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "bob" });
        Assert.Equal(["alice", "bob"], Closed(backend));
        _time.Advance(TimeSpan.FromMinutes(1));
        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "carol" });
        Assert.Equal(users, Closed(backend));
    }

    [Fact]
    public async Task Session_used_again_expires_after_one_that_was_not()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        await services.CallForAsync(Users.Alice);
        _time.Advance(TimeSpan.FromMinutes(1));
        await services.CallForAsync(Users.Bob);
        _time.Advance(TimeSpan.FromMinutes(1));
        await services.CallForAsync(Users.Alice);

        // Alice's first time is up, then Bob's, then Alice's.
        _time.Advance(TimeSpan.FromMinutes(2));
        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "bob" });
        Assert.Equal(["bob"], Closed(backend));
        _time.Advance(TimeSpan.FromMinutes(1));
        await backend.WaitForAsync(exchange => exchange is { Http: "DELETE", Subject: "alice" });
        Assert.Equal(1, Opened(backend, "alice"));
    }

    [Fact]
    public async Task Anonymous_session_is_closed_with_its_lease_whatever_the_idle_timeout()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        McpClientLease lease = await services.RentForAsync(null);
        _time.Advance(Timeout * 10);
        Assert.Single(backend.LiveSessions);

        await lease.DisposeAsync();

        Assert.Empty(backend.LiveSessions);
    }

    private static int Opened(McpBackend backend, string subject) =>
        backend.Exchanges.Count(exchange => exchange.Rpc == "initialize" && exchange.Subject == subject);

    private static IEnumerable<string?> Closed(McpBackend backend) =>
        backend.Exchanges.Where(exchange => exchange.Http == "DELETE").Select(exchange => exchange.Subject);

    private ServiceProvider ServicesFor(McpBackend backend) => McpTesting.ServicesFor(backend)
        .ConfigurePool(pool => pool.IdleTimeout = Timeout)
        .AddSingleton<TimeProvider>(_time)
        .BuildServiceProvider();
}
