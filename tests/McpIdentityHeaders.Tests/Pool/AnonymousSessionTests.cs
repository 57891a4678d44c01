using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Where the user is anonymous or unknown, each lease has a session of its own.</summary>
public sealed class AnonymousSessionTests
{
    [Theory]
    [InlineData(Flow.Anonymous)]
    [InlineData(Flow.OfAnonymous)]
    [InlineData(Flow.Unknown)]
    public async Task Anonymous_session_is_closed_with_its_lease(Flow flow)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        using IdentityScope? scope = flow.Enter();

        await using (McpClientLease lease = await services.RentAsync())
        {
            Assert.Equal("anonymous", await lease.Client.CallTextAsync("whoami"));
            Assert.Single(backend.LiveSessions);
        }

        Assert.Empty(backend.LiveSessions);
        Assert.Single(backend.Exchanges, exchange => exchange.Http == "DELETE");
        Assert.All(backend.Exchanges, exchange => Assert.Empty(exchange.IdentityHeaders));
    }

    [Theory]
    [InlineData(Flow.Anonymous, Flow.Anonymous)]
    [InlineData(Flow.OfAnonymous, Flow.OfAnonymous)]
    [InlineData(Flow.Unknown, Flow.Unknown)]
    [InlineData(Flow.Anonymous, Flow.OfAnonymous)]
    [InlineData(Flow.OfAnonymous, Flow.Unknown)]
    [InlineData(Flow.Unknown, Flow.OfBob)]
    [InlineData(Flow.OfBob, Flow.Anonymous)]
    public async Task Anonymous_session_is_never_shared(Flow one, Flow other)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await using McpClientLease first = await RentAsync(one);
        await using McpClientLease second = await RentAsync(other);

        Assert.NotSame(first.Pooled(), second.Pooled());
        Assert.Equal(2, backend.LiveSessions.Count);

        async Task<McpClientLease> RentAsync(Flow flow)
        {
            using IdentityScope? scope = flow.Enter();
            return await services.RentAsync();
        }
    }

    [Fact]
    public async Task Anonymous_users_who_rent_concurrently_have_a_session_each()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        McpClientLease[] leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => services.RentForAsync(null))));

        Assert.Equal(8, leases.Select(lease => lease.Pooled()).Distinct().Count());
        Assert.Equal(8, backend.LiveSessions.Count);
        await Task.WhenAll(leases.Select(lease => lease.DisposeAsync().AsTask()));
        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Anonymous_session_is_closed_without_identity_when_a_user_returns_it()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClientLease lease = await services.RentForAsync(null);

        using (AmbientIdentity.Use(Users.Alice))
        {
            await lease.DisposeAsync();
            await lease.DisposeAsync();
        }

        Assert.Empty(backend.LiveSessions);
        Assert.Empty(Assert.Single(backend.Exchanges, exchange => exchange.Http == "DELETE").IdentityHeaders);
        Assert.Throws<ObjectDisposedException>(() => lease.Client);
    }
}
