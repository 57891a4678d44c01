using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>No OAuth token cache serves two users.</summary>
public sealed class UserTokenTests
{
    [Fact]
    public async Task Registered_cache_is_refused_before_anything_is_sent()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = ServicesFor(backend, registered: new MemoryTokenCache());

        await AssertRefusedAsync(services, Users.Alice);
        await AssertRefusedAsync(services, null);

        Assert.Empty(backend.Exchanges);
    }

    [Fact]
    public async Task Registered_cache_serves_sessions_of_the_callers_own()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = ServicesFor(backend, registered: new MemoryTokenCache());

        await using McpClient client = await services.ConnectAsync();

        Assert.Equal("pong", await client.CallTextAsync("ping"));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Each_users_token_stays_with_that_user_and_outlives_the_session(McpBackendKind kind)
    {
        await using AuthorizationServer authorization = await AuthorizationServer.StartAsync();
        await using McpBackend backend = await McpBackend.StartAsync(kind, authorization.ProtectAsync);
        var caches = new ConcurrentDictionary<string, MemoryTokenCache>();
        await using ServiceProvider services = ServicesFor(
            backend, (user, _) => caches.GetOrAdd(user.FindFirst("sub")!.Value, _ => new MemoryTokenCache()));

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        await services.Pool().CloseAsync(Users.Alice);
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));

        Assert.NotEqual(caches["alice"].AccessToken, caches["bob"].AccessToken);
        Assert.Equal(["alice", "bob", "alice"], backend.Calls().Select(call => call.Subject));
        Assert.All(backend.Calls(), call => Assert.Equal($"Bearer {caches[call.Subject!].AccessToken}", call.Headers["Authorization"]));
        Assert.Equal(2, authorization.Paths.Count(path => path == "/token"));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Users_without_any_cache_get_tokens_of_their_own(McpBackendKind kind)
    {
        await using AuthorizationServer authorization = await AuthorizationServer.StartAsync();
        await using McpBackend backend = await McpBackend.StartAsync(kind, authorization.ProtectAsync);
        await using ServiceProvider services = ServicesFor(backend);

        await services.CallForAsync(Users.Alice);
        await services.CallForAsync(Users.Bob);

        McpExchange[] calls = [.. backend.Calls()];
        Assert.Equal(["alice", "bob"], calls.Select(call => call.Subject));
        Assert.NotEqual(calls[0].Headers["Authorization"], calls[1].Headers["Authorization"]);
    }

    [Fact]
    public async Task Factory_that_leaves_the_registered_cache_is_refused_for_the_first_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, (_, registered) => registered!, new MemoryTokenCache());

        await AssertRefusedAsync(services, Users.Alice);

        Assert.Empty(backend.Exchanges);
    }

    [Fact]
    public async Task Factory_that_gives_two_users_one_cache_is_refused_for_the_second()
    {
        var cache = new MemoryTokenCache();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, (_, _) => cache);

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        await AssertRefusedAsync(services, Users.Bob);
        await AssertRefusedAsync(services, Users.With(("sub", "alice"), ("iss", "https://another.test")));
        await AssertRefusedAsync(services, null);

        Assert.All(backend.Exchanges, exchange => Assert.Equal("alice", exchange.Subject));
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Fact]
    public async Task Cache_of_one_user_is_refused_for_another_after_the_session_is_closed()
    {
        var cache = new MemoryTokenCache();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, (_, _) => cache);
        await services.CallForAsync(Users.Alice);
        await services.Pool().CloseAsync(Users.Alice);

        await AssertRefusedAsync(services, Users.Bob);
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Fact]
    public async Task Anonymous_users_who_would_share_one_cache_are_refused()
    {
        var cache = new MemoryTokenCache();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, (_, _) => cache);

        Assert.Equal("anonymous", await services.CallForAsync(null));

        await AssertRefusedAsync(services, null);
        await AssertRefusedAsync(services, Users.Anonymous);
    }

    private static async Task AssertRefusedAsync(IServiceProvider services, ClaimsPrincipal? user)
    {
        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.CallForAsync(user));

        Assert.Contains(nameof(McpClientPoolOptions.TransportOptionsFactory), refused.Message, StringComparison.Ordinal);
        Assert.Contains($"'{McpTesting.ClientName}'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ClaimInjectionErrorReason.InvalidTransportOptions, refused.Reason);
    }

    private static ServiceProvider ServicesFor(
        McpBackend backend, Func<ClaimsPrincipal, ITokenCache?, ITokenCache>? cacheOf = null, MemoryTokenCache? registered = null)
    {
        ServiceCollection services = McpTesting.ServicesFor(backend);
        services.Configure<HttpClientTransportOptions>(McpTesting.ClientName, options =>
        {
            options.OAuth = AuthorizationServer.NewClientOptions();
            options.OAuth.TokenCache = registered;

            // It would compete with the calls for a token.
            options.EnableStandaloneGetStream = false;
        });
        if (cacheOf is not null)
        {
            services.ConfigurePool(pool => pool.TransportOptionsFactory = (user, options) =>
            {
                options.OAuth!.TokenCache = cacheOf(user, options.OAuth.TokenCache);
                return options;
            });
        }

        return services.BuildServiceProvider();
    }
}
