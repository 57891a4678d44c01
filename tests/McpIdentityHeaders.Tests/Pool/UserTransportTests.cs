using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>The options that TransportOptionsFactory creates for one user serve no other.</summary>
public sealed class UserTransportTests
{
    [Fact]
    public async Task Header_set_for_a_user_is_on_every_request_of_that_users_session_alone()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, (user, options) =>
        {
            options.AdditionalHeaders = new Dictionary<string, string> { ["X-Tenant"] = $"of {user.FindFirst("sub")?.Value}" };
            return options;
        });

        await Task.WhenAll(services.CallForAsync(Users.Alice), services.CallForAsync(Users.Bob));
        await services.Pool().CloseAsync(Users.Alice);

        Assert.Contains(backend.Exchanges, exchange => exchange is { Http: "DELETE", Subject: "alice" });
        Assert.All(backend.Exchanges, exchange => Assert.Equal($"of {exchange.Subject}", exchange.Headers["X-Tenant"]));
    }

    [Fact]
    public async Task Factory_that_changes_its_options_leaves_the_registered_ones_unchanged()
    {
        var headers = new Dictionary<string, string> { ["X-Region"] = "north" };
        ClientOAuthOptions oauth = AuthorizationServer.NewClientOptions();
        var seen = new ConcurrentQueue<(ITokenCache? Cache, string? Client, int Headers, int Parameters)>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(
            backend,
            (_, options) =>
            {
                ClientOAuthOptions copy = options.OAuth!;
                seen.Enqueue(
                    (copy.TokenCache, copy.ClientId, options.AdditionalHeaders!.Count, copy.AdditionalAuthorizationParameters.Count));
                copy.TokenCache = new MemoryTokenCache();
                copy.ClientId = "changed";
                copy.AdditionalAuthorizationParameters["changed"] = "yes";
                options.AdditionalHeaders["X-Changed"] = "yes";
                return options;
            },
            transport => (transport.OAuth, transport.AdditionalHeaders) = (oauth, headers));

        await services.CallForAsync(Users.Alice);
        await services.CallForAsync(Users.Bob);

        Assert.Equal([(null, null, 1, 0), (null, null, 1, 0)], seen);
        Assert.Equal((null, null, 0), (oauth.TokenCache, oauth.ClientId, oauth.AdditionalAuthorizationParameters.Count));
        Assert.Equal(["X-Region"], headers.Keys);
    }

    [Fact]
    public async Task Factory_receives_the_sessions_user()
    {
        var given = new ConcurrentQueue<ClaimsPrincipal>();
        ClaimsPrincipal alice = Users.Alice;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, Recording(given));

        await services.CallForAsync(alice);
        await services.CallForAsync(alice);

        Assert.Same(alice, Assert.Single(given));
    }

    [Fact]
    public async Task Factory_receives_a_principal_without_identities_for_anonymous_users()
    {
        var given = new ConcurrentQueue<ClaimsPrincipal>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, Recording(given));

        await services.CallForAsync(null);
        await using (await services.RentAsync())
        {
            Assert.Equal(2, given.Count);
        }

        Assert.All(given, user => Assert.Empty(user.Identities));
    }

    [Fact]
    public async Task Factory_does_not_receive_unauthenticated_claims()
    {
        // A factory looks a user's cache up by FindFirst("sub"), which reads identities that are not authenticated too.
        var given = new ConcurrentQueue<ClaimsPrincipal>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, Recording(given));

        await services.CallForAsync(new ClaimsPrincipal(Users.NotSignedIn(("sub", "alice"))));

        Assert.Empty(Assert.Single(given).Identities);
    }

    public static TheoryData<string, Func<HttpClientTransportOptions, HttpClientTransportOptions?>> Invalid => new()
    {
        { "null", _ => null },
        {
            "KnownSessionId",
            options =>
            {
                options.KnownSessionId = "1";
                return options;
            }
        },
    };

    [Theory]
    [MemberData(nameof(Invalid), DisableDiscoveryEnumeration = true)]
    public async Task Invalid_result_is_refused_before_anything_is_sent(
        string said, Func<HttpClientTransportOptions, HttpClientTransportOptions?> factory)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, (_, options) => factory(options)!);

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.CallForAsync(Users.Alice));

        Assert.Contains(nameof(McpClientPoolOptions.TransportOptionsFactory), refused.Message, StringComparison.Ordinal);
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.Equal(ClaimInjectionErrorReason.InvalidTransportOptions, refused.Reason);
        Assert.Contains($"'{McpTesting.ClientName}'", refused.Message, StringComparison.Ordinal);
        Assert.Empty(backend.Exchanges);
    }

    [Fact]
    public async Task Exception_of_the_factory_fails_the_rent_and_the_next_calls_it_again()
    {
        var failure = new NotSupportedException("no tenant");
        bool fails = true;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend, (_, options) => fails ? throw failure : options);

        Assert.Same(failure, await Assert.ThrowsAsync<NotSupportedException>(() => services.CallForAsync(Users.Alice)));
        Assert.Empty(backend.Exchanges);

        fails = false;
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    private static Func<ClaimsPrincipal, HttpClientTransportOptions, HttpClientTransportOptions> Recording(
        ConcurrentQueue<ClaimsPrincipal> given) =>
        (user, options) =>
        {
            given.Enqueue(user);
            return options;
        };

    private static ServiceProvider ServicesFor(
        McpBackend backend,
        Func<ClaimsPrincipal, HttpClientTransportOptions, HttpClientTransportOptions> factory,
        Action<HttpClientTransportOptions>? configure = null) =>
        McpTesting.ServicesFor(backend)
            .ConfigurePool(pool => pool.TransportOptionsFactory = factory)
            .Configure(McpTesting.ClientName, configure ?? (_ => { }))
            .BuildServiceProvider();
}
